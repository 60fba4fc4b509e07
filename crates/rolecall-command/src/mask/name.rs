//! Secrets that follow the name of an option, a variable, a key or a header.

use std::ops::Range;

/// Parts of the names of options, variables and keys that contain secrets.
const PARTS: [&str; 15] = [
    "access-key",
    "access_key",
    "accountkey",
    "api-key",
    "api_key",
    "apikey",
    "credential",
    "passphrase",
    "passwd",
    "password",
    "private-key",
    "private_key",
    "secret",
    "signature",
    "token",
];

/// The last words of names that contain secrets, such as `DB_PASS` and `--pass`.
const LAST_WORDS: [&str; 5] = ["pass", "pwd", "sig", "authtoken", "passcode"];

/// The endings of names that only describe where a secret is or how long it is valid.
const OTHERWISE: [&str; 9] =
    ["file", "path", "dir", "name", "url", "stdin", "ttl", "seconds", "audience"];

/// The kind of the next word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A secret.
    Secret,
    /// `USER:SECRET`, as after curl's `-u`.
    UserAndSecret,
    /// The value of an HTTP header: a secret, or a scheme before one.
    Header,
}

/// Returns the kind of the word after this one: a secret after `--password`, `token:` and `PASSWORD=`.
pub(super) fn wanted_after(word: &str) -> Option<Value> {
    let name = word.trim_end_matches([':', '=']);
    let is_open = word.len() > name.len();
    if is_scheme(word) {
        Some(Value::Secret)
    } else if is_open && is_header(name) {
        Some(Value::Header)
    } else if holds_both(name) && (is_open || word.starts_with('-')) {
        Some(Value::UserAndSecret)
    } else if is_secret(name) && (is_open || word.starts_with('-') && !word.contains('=')) {
        Some(Value::Secret)
    } else {
        None
    }
}

/// Finds the value of `NAME=VALUE` whose name is that of a secret, and of any literal of a Secret.
pub(super) fn assigned_in(word: &str) -> Option<Range<usize>> {
    let is_literal = word.starts_with("--from-literal=");
    if let Some(value) = word.strip_prefix("pass:").filter(|value| !value.is_empty()) {
        // OpenSSL takes passwords in this format.
        return Some(word.len() - value.len()..word.len());
    }
    if word.starts_with("-u") {
        return secret_after_user(word);
    }
    word.match_indices('=').find_map(|(at, _)| {
        let name = word.get(..at)?;
        let last = name.rsplit(['=', '?']).next()?;
        if holds_both(last) {
            let secret = secret_after_user(word.get(at + 1..)?)?;
            return Some(at + 1 + secret.start..at + 1 + secret.end);
        }
        let is_variable = last.ends_with("_AUTH");
        let is_secret = is_secret(last) || is_variable || is_literal && name.contains('=');
        is_secret.then_some(at + 1..word.len())
    })
}

/// Finds the secret in `USER:SECRET`; two numbers are a user and a group.
pub(super) fn secret_after_user(word: &str) -> Option<Range<usize>> {
    let colon = word.find(':')?;
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (user, secret) = (word.get(..colon)?, word.get(colon + 1..)?);
    let is_group = is_number(user.trim_start_matches("-u")) && is_number(secret);
    (!is_group).then_some(colon + 1..word.len())
}

/// Returns whether a name is that of a secret.
pub(super) fn is_secret(name: &str) -> bool {
    let is_type = is_go_type(name);
    let name = name.to_ascii_lowercase();
    if is_type || OTHERWISE.iter().any(|otherwise| name.ends_with(otherwise)) {
        return false;
    }
    let last = name.rsplit(['-', '_', '.', '?']).next().unwrap_or_default();
    // The working directory of shells.
    let is_last = LAST_WORDS.contains(&last) && name != "pwd";
    is_last || PARTS.iter().any(|part| name.contains(part))
}

/// Returns whether a name is a pointer type of Go, as in the messages of reflectors: `*v1.Secret`.
fn is_go_type(name: &str) -> bool {
    let type_name = name.strip_prefix('*').and_then(|name| name.rsplit_once('.'));
    type_name.is_some_and(|(package, type_name)| {
        let is_identifier = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_identifier(package)
            && is_identifier(type_name)
            && package.starts_with(|c: char| c.is_ascii_lowercase())
            && type_name.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

/// Returns whether a word is an HTTP authentication scheme.
pub(super) fn is_scheme(word: &str) -> bool {
    ["basic", "bearer"].iter().any(|scheme| word.eq_ignore_ascii_case(scheme))
}

/// Returns whether a word precedes the secret of an `Authorization` header.
pub(super) fn is_header_scheme(word: &str) -> bool {
    is_scheme(word)
        || ["apikey", "digest", "negotiate", "token"]
            .iter()
            .any(|scheme| word.eq_ignore_ascii_case(scheme))
}

fn is_header(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "set-cookie"]
        .iter()
        .any(|header| name.eq_ignore_ascii_case(header))
}

/// Returns whether the value of an option is `USER:SECRET`.
fn holds_both(name: &str) -> bool {
    matches!(
        name,
        "-u" | "--user"
            | "--proxy-user"
            | "--http-user"
            | "--basic-auth"
            | "--auth"
            | "--creds"
            | "--src-creds"
            | "--dest-creds"
    )
}
