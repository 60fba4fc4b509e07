//! Masks the secrets in command lines.

mod form;
mod name;
mod program;

use std::ops::Range;

use name::Value;
use program::Program;

/// The replacement of a secret.
const MASK: &str = "REDACTED";

/// Returns a command line or script with each recognized secret masked: tokens and keys by their format, others by
/// the option, variable, program or HTTP scheme before them.
pub fn masked_line(line: &str) -> String {
    masked_argument(line, &mut Before::default())
}

/// The context that earlier words give to the next one.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    /// The kind of the next word, according to the last one.
    wanted: Option<Value>,
    /// Whether the last word names a secret whose value can follow a separate colon, as in JSON.
    named: bool,
    /// The program of the command, if it takes secrets in short options.
    program: Option<Program>,
    /// Whether the command prints its words and another command reads them as a password.
    prints_secret: bool,
    /// Whether the command is about a Secret.
    of_secret: bool,
    /// Whether the words are in the data of a Secret, where each value follows a colon.
    in_data: bool,
}

/// Masks within one argument, which may be a whole shell script.
fn masked_argument(text: &str, before: &mut Before) -> String {
    if text.contains("PRIVATE KEY-----") {
        return MASK.to_owned();
    }
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    for piece in text.split_inclusive(is_between_words) {
        rest = rest.get(piece.len()..).unwrap_or_default();
        let word = piece.trim_end_matches(is_between_words);
        let after = piece.get(word.len()..).unwrap_or_default();
        // Nothing, or a character that escapes the quote after it.
        if word.bytes().all(|byte| byte == b'\\') {
            masked.push_str(piece);
            before.end_command(after);
            continue;
        }
        let wanted = before.wanted.take().filter(|_| !word.starts_with(['-', '$']));
        let is_printed = before.prints_secret && !word.starts_with(['-', '$']);
        match wanted {
            _ if is_printed => masked.push_str(MASK),
            Some(Value::Secret) if !name::is_scheme(word) => masked.push_str(MASK),
            Some(Value::Header) if !name::is_header_scheme(word) => masked.push_str(MASK),
            Some(Value::Header) => {
                masked.push_str(word);
                before.wanted = Some(Value::Secret);
            }
            Some(Value::UserAndSecret) if name::secret_after_user(word).is_some() => {
                push_masked(&mut masked, word, name::secret_after_user(word).as_slice());
            }
            _ => {
                let secrets = secrets_in(word, before.program);
                push_masked(&mut masked, word, &secrets);
                if secrets.is_empty() {
                    before.note(word, rest);
                }
            }
        }
        masked.push_str(after);
        before.end_command(after);
    }
    masked
}

fn is_between_words(c: char) -> bool {
    c.is_whitespace() || "\"'`;|&()<>{},".contains(c)
}

impl Before {
    /// Processes a word that contains no secret; `rest` is the text after it.
    fn note(&mut self, word: &str, rest: &str) {
        self.of_secret |= matches!(word.split('/').next(), Some("secret" | "secrets"));
        let key = word.trim_end_matches('\\');
        let is_data = key == "stringData" || (key == "data" && self.of_secret);
        self.in_data |= is_data && rest.trim_start_matches(['"', '\'', '\\']).starts_with(':');
        self.program = Program::of(word).or(self.program);
        self.prints_secret |= matches!(word, "echo" | "printf") && is_piped_as_password(rest);
        let is_sign = matches!(word.trim_matches('\\'), ":" | "=");
        // A program takes one password; `sshpass` runs another program, whose options differ.
        let of_program = self.program.take_if(|program| program.wants_secret(word));
        self.wanted = match name::wanted_after(word) {
            _ if (self.named || self.in_data) && is_sign => Some(Value::Secret),
            None if of_program.is_some() => Some(Value::Secret),
            wanted => wanted,
        };
        self.named = name::is_secret(word.trim_end_matches('\\'));
    }

    /// Forgets the program at the end of its command.
    fn end_command(&mut self, after: &str) {
        if after.contains('}') {
            self.in_data = false;
        }
        if after.contains([';', '|', '&', '\n']) {
            self.program = None;
            self.prints_secret = false;
            self.of_secret = false;
        }
    }
}

/// Returns whether a program in the rest of a command line reads its password from stdin.
fn is_piped_as_password(rest: &str) -> bool {
    let line = rest.split([';', '\n']).next().unwrap_or_default();
    line.contains("--password-stdin")
}

/// Returns where a word contains secrets, in order and without overlaps.
fn secrets_in(word: &str, program: Option<Program>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    found.extend(form::tokens_in(word));
    found.extend(name::assigned_in(word));
    found.extend(form::userinfo_in(word));
    found.extend(program.and_then(|program| program.attached_in(word)));
    let is_literal = |range: &Range<usize>| {
        word.get(range.clone()).is_some_and(|value| !value.is_empty() && !value.starts_with('$'))
    };
    found.retain(is_literal);
    found.sort_unstable_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(found.len());
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

fn push_masked(masked: &mut String, word: &str, secrets: &[Range<usize>]) {
    let mut end = 0;
    for secret in secrets {
        masked.push_str(word.get(end..secret.start).unwrap_or_default());
        masked.push_str(MASK);
        end = secret.end;
    }
    masked.push_str(word.get(end..).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked_words<T: AsRef<str>>(words: &[T]) -> Vec<String> {
        let mut before = Before::default();
        words.iter().map(|word| masked_argument(word.as_ref(), &mut before)).collect()
    }

    #[test]
    fn secrets_that_show_themselves_are_masked() {
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhIn0.c2ln";
        for (line, expected) in [
            ("kubectl get pods -n shop", "kubectl get pods -n shop"),
            ("kubectl get secret token-of-web", "kubectl get secret token-of-web"),
            (
                "kubectl patch secret x -p '{\"stringData\":{\"a\":\"b\"},\"type\":\"c\"}'",
                "kubectl patch secret x -p '{\"stringData\":{\"REDACTED\":\"REDACTED\"},\"type\":\"c\"}'",
            ),
            (
                "kubectl patch secrets/x -p {\\\"data\\\":{\\\"a\\\":\\\"b\\\"}}; kubectl get pods",
                "kubectl patch secrets/x -p {\\\"data\\\":{\\\"REDACTED\":\\\"REDACTED\"}}; kubectl get pods",
            ),
            (
                "kubectl patch cm x -p '{\"data\":{\"a\":\"b\"}}'",
                "kubectl patch cm x -p '{\"data\":{\"a\":\"b\"}}'",
            ),
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
            ("redis-cli -h r -a abc ping", "redis-cli -h r -a REDACTED ping"),
            ("/usr/bin/redis-cli -a abc", "/usr/bin/redis-cli -a REDACTED"),
            ("sshpass -p abc ssh host -p 22", "sshpass -p REDACTED ssh host -p 22"),
            ("sshpass -pabc scp x", "sshpass -pREDACTED scp x"),
            ("docker login -u joe -p abc host", "docker login -u joe -p REDACTED host"),
            ("docker run -p 8080:80 -u 1:2 x", "docker run -p 8080:80 -u 1:2 x"),
            ("mongodump -p abc --db x", "mongodump -p REDACTED --db x"),
            ("ldapsearch -x -w abc -b dc=x", "ldapsearch -x -w REDACTED -b dc=x"),
            ("curl -ujoe:abc host", "curl -ujoe:REDACTED host"),
            ("curl --user=joe:abc host", "curl --user=joe:REDACTED host"),
            ("app --basic-auth=joe:abc", "app --basic-auth=joe:REDACTED"),
            ("app --basic-auth joe:abc", "app --basic-auth joe:REDACTED"),
            ("app --auth joe --pass abc", "app --auth joe --pass REDACTED"),
            ("skopeo copy --src-creds joe:abc x", "skopeo copy --src-creds joe:REDACTED x"),
            ("DB_PASS=abc REDISCLI_AUTH=abc x", "DB_PASS=REDACTED REDISCLI_AUTH=REDACTED x"),
            ("openssl rsa -passin pass:abc", "openssl rsa -passin pass:REDACTED"),
            ("curl -H 'Authorization: token abc'", "curl -H 'Authorization: token REDACTED'"),
            ("curl -H 'authorization: abc'", "curl -H 'authorization: REDACTED'"),
            ("kubectl create token web", "kubectl create token web"),
            ("watch *v1.Secret: unknown (get secrets)", "watch *v1.Secret: unknown (get secrets)"),
            ("*v1.secret: abc", "*v1.secret: REDACTED"),
            ("kubectl auth can-i get pods", "kubectl auth can-i get pods"),
            ("app --authorization-mode=RBAC", "app --authorization-mode=RBAC"),
            ("docker login --password-stdin host", "docker login --password-stdin host"),
            (
                "curl https://joe:abc@host/path?token=abc",
                "curl https://joe:REDACTED@host/path?token=REDACTED",
            ),
            ("git clone https://0123456789abcdefghij@host", "git clone https://REDACTED@host"),
            ("git clone ssh://git@host/x", "git clone ssh://git@host/x"),
            ("curl https://host/x?sig=abc", "curl https://host/x?sig=REDACTED"),
            (
                "curl https://hooks.slack.com/services/T0/B0/abc",
                "curl https://hooks.slack.com/services/REDACTED",
            ),
            ("echo -----BEGIN RSA PRIVATE KEY----- x", "REDACTED"),
        ] {
            assert_eq!(masked_line(line), expected);
            let words: Vec<&str> = line.split(' ').collect();
            if !line.contains("PRIVATE") {
                assert_eq!(masked_words(&words).join(" "), expected);
            }
        }
        assert_eq!(
            masked_line("echo abc | docker login --password-stdin; echo done"),
            "echo REDACTED | docker login --password-stdin; echo done"
        );
        let words = [format!("X-Auth:{jwt}"), format!("--token={jwt}"), jwt.to_owned()];
        assert_eq!(masked_words(&words), ["X-Auth:REDACTED", "--token=REDACTED", MASK]);
    }

    #[test]
    fn tokens_of_well_known_services_are_masked_wherever_they_stand() {
        let filler = "EXAMPLE0EXAMPLE0EXAMPLE0EXAMPLE0";
        for beginning in [
            "ghp_",
            "gho_",
            "ghs_",
            "github_pat_",
            "glpat-",
            "gldt-",
            "xoxb-",
            "xoxp-",
            "xapp-",
            "AKIA",
            "ASIA",
            "AIza",
            "ya29.",
            "hvs.",
            "sha256~",
            "npm_",
            "pypi-",
            "dckr_pat_",
            "sk_live_",
            "dop_v1_",
        ] {
            let token = format!("{beginning}{filler}");
            for (line, expected) in [
                (token.clone(), MASK.to_owned()),
                (format!("app {token} x"), format!("app {MASK} x")),
                (format!("app --x={token} y"), format!("app --x={MASK} y")),
                (format!("app x:{token}:y"), format!("app x:{MASK}:y")),
                (format!("my{token}"), format!("my{token}")),
                (format!("{beginning}web"), format!("{beginning}web")),
            ] {
                assert_eq!(masked_line(&line), expected);
            }
        }
    }
}
