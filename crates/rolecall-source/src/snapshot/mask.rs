//! Command lines without the secrets that people put into them.

use rolecall_rbac::Text;

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
pub(super) fn masked(words: &[Text]) -> Vec<String> {
    let mut follows_name = false;
    words.iter().map(|word| masked_text(word, &mut follows_name)).collect()
}

/// Masks within one argument, which may be a whole shell script. `follows_name` says whether the last
/// word wants a secret behind it.
fn masked_text(text: &str, follows_name: &mut bool) -> String {
    if text.contains("PRIVATE KEY-----") {
        return MASK.to_owned();
    }
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive(is_between_words) {
        let word = piece.trim_end_matches(is_between_words);
        let after = piece.get(word.len()..).unwrap_or_default();
        if word.is_empty() {
            masked.push_str(piece);
            continue;
        }
        let is_wanted = std::mem::take(follows_name) && !word.starts_with(['-', '$']);
        if is_token(word) || is_wanted && !is_scheme(word) {
            masked.push_str(MASK);
        } else if let Some(value) = secret_value(word) {
            masked.push_str(word.strip_suffix(value).unwrap_or_default());
            masked.push_str(MASK);
        } else {
            masked.push_str(word);
            *follows_name = is_scheme(word) || wants_secret(word);
        }
        masked.push_str(after);
    }
    masked
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace() || "\"'`;|&()<>{},".contains(c)
}

/// Returns whether a word is a JSON Web Token, or holds one.
fn is_token(word: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut runs = word.split(|c| !is_part(c));
    runs.any(|run| run.starts_with("eyJ") && run.matches('.').count() >= 2)
}

/// Returns the value of `NAME=VALUE` or `scheme://user:VALUE@host`, when it is a secret.
fn secret_value(word: &str) -> Option<&str> {
    let is_literal = |value: &&str| !value.is_empty() && !value.starts_with('$');
    let assigned = word.match_indices('=').find_map(|(at, _)| {
        let (name, value) = (word.get(..at)?, word.get(at + 1..)?);
        names_secret(name.rsplit('=').next()?).then_some(value)
    });
    let in_url = || {
        let (_, rest) = word.split_once("://")?;
        let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
        user.contains(':').then(|| rest.get(user.find(':')? + 1..))?
    };
    assigned.or_else(in_url).filter(is_literal)
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
            ("curl https://joe:abc@host/path", "curl https://joe:REDACTED"),
            (
                "create secret generic x --from-literal=password=a=b",
                "create secret generic x --from-literal=password=REDACTED",
            ),
            ("echo -----BEGIN RSA PRIVATE KEY----- x", "REDACTED"),
        ] {
            assert_eq!(masked(&[line.into()]).concat(), expected);
            let words: Vec<Text> = line.split(' ').map(Text::from).collect();
            if !line.contains("PRIVATE") {
                assert_eq!(masked(&words).join(" "), expected);
            }
        }
        assert_eq!(masked(&[format!("X-Auth:{jwt}").into(), jwt.into()]), [MASK, MASK]);
    }
}
