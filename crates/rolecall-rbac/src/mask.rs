//! Command lines without the secrets that people put into them.

use crate::Text;

/// What stands in place of a secret.
const MASK: &str = "REDACTED";

/// What the names of options, variables and keys contain that hold secrets.
const SECRET_NAMES: [&str; 12] = [
    "access-key",
    "access_key",
    "api-key",
    "api_key",
    "apikey",
    "credential",
    "passwd",
    "password",
    "private-key",
    "private_key",
    "secret",
    "token",
];

/// How names end that only say where a secret is.
const PLACES: [&str; 5] = ["file", "path", "dir", "name", "url"];

/// Returns the words of a command line with each secret masked that shows itself: tokens and keys by
/// their form, others by the option, variable or HTTP scheme that they follow.
pub fn masked_words(words: &[Text]) -> Vec<String> {
    let mut before = Before::default();
    words.iter().map(|word| masked_argument(word, &mut before)).collect()
}

/// Returns a whole command line, or a script, masked likewise.
pub fn masked_line(line: &str) -> String {
    masked_argument(line, &mut Before::default())
}

/// What the words before one say of it.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    /// Whether the last word wants a secret behind it.
    wanted: Option<Wanted>,
    /// Whether the last word names a secret, whose value may follow a colon of its own, as in JSON.
    named: bool,
    /// Whether a client of MySQL is run, which takes `-pPASSWORD`.
    mysql: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Secret,
    /// `USER:SECRET`, as behind curl's `-u`.
    UserAndSecret,
}

/// Masks within one argument, which may be a whole shell script.
fn masked_argument(text: &str, before: &mut Before) -> String {
    if text.contains("PRIVATE KEY-----") {
        return MASK.to_owned();
    }
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_between_words) {
        let word = piece.trim_end_matches(is_between_words);
        let after = piece.get(word.len()..).unwrap_or_default();
        // Nothing, or what escapes the quote behind it.
        if word.bytes().all(|byte| byte == b'\\') {
            masked.push_str(piece);
            continue;
        }
        let wanted = before.wanted.take().filter(|_| !word.starts_with(['-', '$']));
        match (wanted, secret_in(word, before.mysql)) {
            (Some(Wanted::Secret), _) if !is_scheme(word) => masked.push_str(MASK),
            (Some(Wanted::UserAndSecret), _) if word.contains(':') => {
                masked.push_str(word.split(':').next().unwrap_or_default());
                masked.push(':');
                masked.push_str(MASK);
            }
            (_, Some((from, to))) => {
                masked.push_str(word.get(..from).unwrap_or_default());
                masked.push_str(MASK);
                masked.push_str(word.get(to..).unwrap_or_default());
            }
            _ => {
                masked.push_str(word);
                before.note(word);
            }
        }
        masked.push_str(after);
    }
    masked
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace() || "\"'`;|&()<>{},".contains(c)
}

impl Before {
    fn note(&mut self, word: &str) {
        self.mysql |= ["mysql", "mysqldump", "mysqladmin", "mariadb"].contains(&word);
        let is_sign = matches!(word, ":" | "=" | "\\:");
        self.wanted = if is_scheme(word) || wants_secret(word) || self.named && is_sign {
            Some(Wanted::Secret)
        } else if matches!(word, "-u" | "--user" | "--proxy-user") {
            Some(Wanted::UserAndSecret)
        } else {
            None
        };
        self.named = names_secret(word.trim_end_matches('\\'));
    }
}

/// Returns from where to where a word holds a secret.
fn secret_in(word: &str, mysql: bool) -> Option<(usize, usize)> {
    let is_literal = |(from, to): &(usize, usize)| {
        word.get(*from..*to).is_some_and(|value| !value.is_empty() && !value.starts_with('$'))
    };
    let of_mysql = || (mysql && word.starts_with("-p")).then_some((2, word.len()));
    let found = token_in(word).or_else(|| assigned_in(word)).or_else(|| in_url(word));
    found.or_else(of_mysql).filter(is_literal)
}

/// Finds a JSON Web Token.
fn token_in(word: &str) -> Option<(usize, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    word.match_indices("eyJ").find_map(|(from, _)| {
        let rest = word.get(from..)?;
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        (rest.get(..length)?.matches('.').count() >= 2).then_some((from, from + length))
    })
}

/// Finds the value of `NAME=VALUE` whose name is that of a secret, and of any literal of a Secret.
fn assigned_in(word: &str) -> Option<(usize, usize)> {
    let is_literal = word.starts_with("--from-literal=");
    word.match_indices('=').find_map(|(at, _)| {
        let name = word.get(..at)?;
        let last = name.rsplit('=').next()?;
        let is_secret = names_secret(last) || is_literal && name.contains('=');
        is_secret.then_some((at + 1, word.len()))
    })
}

/// Finds the password of `scheme://user:password@host`.
fn in_url(word: &str) -> Option<(usize, usize)> {
    let start = word.find("://")? + 3;
    let authority = word.get(start..)?.split('/').next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let colon = user.find(':')?;
    Some((start + colon + 1, start + user.len()))
}

/// Returns whether what follows a word is a secret: `--password`, `token:`, `PASSWORD=`.
fn wants_secret(word: &str) -> bool {
    let name = word.trim_end_matches([':', '=']);
    names_secret(name) && (word.len() > name.len() || word.starts_with('-') && !word.contains('='))
}

fn names_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
        && !PLACES.iter().any(|place| name.ends_with(place))
}

/// Returns whether a word is how HTTP announces credentials.
fn is_scheme(word: &str) -> bool {
    ["basic", "bearer"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_that_show_themselves_are_masked() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln";
        for (line, expected) in [
            ("kubectl get pods -n shop", "kubectl get pods -n shop"),
            ("kubectl get secret token-of-web", "kubectl get secret token-of-web"),
            ("kubectl --token abc get pods", "kubectl --token REDACTED get pods"),
            ("kubectl --token=abc get pods", "kubectl --token=REDACTED get pods"),
            ("kubectl --token $TOKEN --token=$(cat t)", "kubectl --token $TOKEN --token=$(cat t)"),
            ("app --token-file /run/t --x", "app --token-file /run/t --x"),
            ("app --password --user joe", "app --password --user joe"),
            ("curl -H 'Authorization: Bearer abc' x", "curl -H 'Authorization: Bearer REDACTED' x"),
            ("PASSWORD=\"abc\" app", "PASSWORD=\"REDACTED\" app"),
            ("curl https://joe:abc@host/path", "curl https://joe:REDACTED@host/path"),
            ("curl -u joe:abc host", "curl -u joe:REDACTED host"),
            ("docker run -u 1000 x", "docker run -u 1000 x"),
            (r#"{"token":"abc","x":1}"#, r#"{"token":"REDACTED","x":1}"#),
            (r#"{\"token\": \"abc\"}"#, r#"{\"token\": \"REDACTED"}"#),
            ("mysql -pabc -h db", "mysql -pREDACTED -h db"),
            ("mkdir -p8080 x", "mkdir -p8080 x"),
            (
                "create secret generic x --from-literal=pw=a=b",
                "create secret generic x --from-literal=pw=REDACTED",
            ),
            ("echo -----BEGIN RSA PRIVATE KEY----- x", "REDACTED"),
        ] {
            assert_eq!(masked_line(line), expected);
            let words: Vec<Text> = line.split(' ').map(Text::from).collect();
            if !line.contains("PRIVATE") {
                assert_eq!(masked_words(&words).join(" "), expected);
            }
        }
        let words = [format!("X-Auth:{jwt}").into(), format!("--token={jwt}").into(), jwt.into()];
        assert_eq!(masked_words(&words), ["X-Auth:REDACTED", "--token=REDACTED", MASK]);
    }
}
