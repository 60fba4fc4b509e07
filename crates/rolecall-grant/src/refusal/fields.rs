//! Validates fields: verbs, resources, namespaces and so on. Invalid fields make a refusal
//! doubtful.

use std::borrow::Cow;

use super::quote;
use super::remark::{Doubt, Field};
use super::restore::BREAK;
pub(super) use crate::text::is_printable;

/// The maximum length of a field; Kubernetes' own names are at most 253 bytes long.
const LONGEST: usize = 1024;

/// Reads a quoted field's content, which can be any printable text.
pub(super) fn printable(field: Field, raw: &[u8]) -> Result<Cow<'_, str>, Doubt> {
    let text = quote::unquote(raw).ok_or(Doubt::Invalid { field })?;
    let text = match memchr::memchr(BREAK, raw) {
        Some(_) => Cow::Owned(unbroken(field, &text).ok_or(Doubt::Unprintable { field })?),
        None => text,
    };
    if text.len() > LONGEST {
        return Err(Doubt::Invalid { field });
    }
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain || text.chars().all(is_printable) {
        Ok(text)
    } else {
        Err(Doubt::Unprintable { field })
    }
}

/// Joins a field that was broken over several lines. Names of users other than ServiceAccounts can
/// have a space at the break. The field might continue after the first quote of a line.
pub(super) fn unbroken(field: Field, text: &str) -> Option<String> {
    let mark = char::from(BREAK);
    if !text.contains(mark) {
        return Some(text.to_owned());
    }
    let is_certain = field != Field::User || text.starts_with("system:");
    (is_certain && !text.ends_with(mark)).then(|| text.replace(mark, ""))
}

/// Returns whether a text is a possible verb.
pub(super) fn is_verb(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_:".contains(&byte))
}

/// Returns whether a text is a possible resource in a URL.
pub(super) fn is_resource(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Returns whether a text is a possible subresource; the keys of `userextras` are free-form.
pub(super) fn is_subresource(text: &str) -> bool {
    (1..=253).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:/%~@+".contains(&byte))
}

/// Returns whether a text is a possible API group; the core group is empty.
pub(super) fn is_group(text: &str) -> bool {
    text.len() <= 253
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
}

/// Returns whether a text is a possible namespace.
pub(crate) fn is_namespace(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    (1..=63).contains(&text.len())
        && edge(text.as_bytes().first())
        && edge(text.as_bytes().last())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Returns the field if it is valid.
pub(super) fn checked<'t>(
    field: Field,
    text: Cow<'t, str>,
    is_valid: fn(&str) -> bool,
) -> Result<Cow<'t, str>, Doubt> {
    if is_valid(&text) { Ok(text) } else { Err(Doubt::Invalid { field }) }
}
