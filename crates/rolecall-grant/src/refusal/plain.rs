//! A fast path for the common case: a complete sentence with no escapes except quotes.
//!
//! Returns the same as [`sentence::read`](super::sentence::read) after decoding, or nothing. Then
//! that function has to read the text.

use std::borrow::Cow;

use super::fields::{is_group, is_namespace, is_resource, is_subresource, is_verb};
use super::sentence::{START, Sentence, SentenceTarget};

/// Reads the sentence at `place`.
pub(super) fn read(text: &[u8], place: usize) -> Option<Sentence<'_>> {
    let (head, after) = text.split_at_checked(place)?;
    let quoted = after.strip_prefix(START)?.strip_prefix(b" ")?;
    let backslashes = quoted.iter().take_while(|byte| **byte == b'\\').count();
    let quote = quoted.get(..=backslashes).filter(|quote| quote.ends_with(b"\""))?;
    let mut plain = Plain { rest: quoted, quote };
    let user = plain.quoted()?;
    plain.literal(b" cannot ")?;
    let verb = plain.word()?;
    let head = head.strip_suffix(b"forbidden: ")?;
    let target = if let Some(rest) = plain.rest.strip_prefix(b" resource ") {
        plain.rest = rest;
        let combined = plain.quoted()?;
        plain.literal(b" in API group ")?;
        let group = plain.quoted()?;
        let namespace = match plain.rest.strip_prefix(b" in the namespace ") {
            Some(rest) => {
                plain.rest = rest;
                plain.quoted().filter(|namespace| is_namespace(namespace))?
            }
            None => {
                plain.literal(b" at the cluster scope")?;
                ""
            }
        };
        let (resource, subresource) = match combined.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource)),
            None => (combined, None),
        };
        let valid = is_resource(resource)
            && subresource.is_none_or(is_subresource)
            && is_group(group)
            && plain.rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
        let name = name_in(head, quote, resource, group).filter(|_| valid)?;
        SentenceTarget::Resource {
            resource: Cow::Borrowed(combined),
            group: Cow::Borrowed(group),
            namespace: Cow::Borrowed(namespace),
            name: Cow::Borrowed(name),
        }
    } else {
        plain.literal(b" path ")?;
        let path = plain.quoted().filter(|path| path.starts_with('/'))?;
        if head.trim_ascii_end().ends_with(b"is") {
            return None;
        }
        SentenceTarget::Path(Cow::Borrowed(path))
    };
    // A reason can follow a colon.
    let complete = is_verb(verb) && !user.is_empty() && plain.rest.first() != Some(&b':');
    complete.then_some(Sentence { user: Cow::Borrowed(user), verb, target, reason: b"" })
}

/// Reads `deployments.apps "web" is ` backwards.
fn name_in<'t>(head: &'t [u8], quote: &[u8], resource: &str, group: &str) -> Option<&'t str> {
    let head = head.strip_suffix(b" is ")?;
    let (head, name) = match head.strip_suffix(quote) {
        None => (head, ""),
        Some(quoted) => {
            let length = quoted.iter().rev().take_while(|byte| is_plain(**byte)).count();
            let (head, name) = quoted.split_at(quoted.len() - length);
            let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
            (head.strip_suffix(quote)?.strip_suffix(b" ")?, name)
        }
    };
    let head = match group {
        "" => head,
        group => head.strip_suffix(group.as_bytes())?.strip_suffix(b".")?,
    };
    let before = head.strip_suffix(resource.as_bytes())?;
    let bounded = matches!(before.last(), None | Some(b' ' | b'"' | b'\'' | b'\n'));
    bounded.then_some(name)
}

/// The rest of a sentence with uniform quotes.
struct Plain<'t> {
    rest: &'t [u8],
    quote: &'t [u8],
}

impl<'t> Plain<'t> {
    fn literal(&mut self, words: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(words)?;
        Some(())
    }

    fn quoted(&mut self) -> Option<&'t str> {
        self.literal(self.quote)?;
        let text = self.word()?;
        self.literal(self.quote)?;
        (text.len() <= 253).then_some(text)
    }

    fn word(&mut self) -> Option<&'t str> {
        let length = self.rest.iter().take_while(|byte| is_plain(**byte)).count();
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        std::str::from_utf8(word).ok()
    }
}

/// Returns whether no encoding changes a byte and ordinary names can contain it.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':' | b'/' | b'_' | b'@')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::peel::peel;
    use super::super::sentence::{self, Reading};
    use super::*;

    /// Reads with the slow path.
    fn read_slowly(text: &[u8], place: usize) -> Option<String> {
        let mut layer = (text.to_vec(), place);
        loop {
            match sentence::read(&layer.0, layer.1) {
                Reading::Refused(sentence) => return Some(format!("{sentence:?}")),
                Reading::Encoded(encoding) => {
                    let peeled = peel(&layer.0, layer.1, encoding);
                    layer = (peeled.text, peeled.place);
                }
                Reading::Nothing | Reading::Doubtful(_) => return None,
            }
        }
    }

    fn field() -> impl Strategy<Value = String> {
        prop_oneof![8 => "[a-z][a-z0-9./:-]{0,8}", 1 => "[ -~]{0,6}", 1 => Just(String::new())]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn the_fast_path_equals_the_slow_path(
            fields in proptest::array::uniform6(field()),
            backslashes in proptest::sample::select(vec![0usize, 0, 1, 1, 2, 3, 5, 7]),
            has_name in any::<bool>(),
            at_cluster_scope in any::<bool>(),
            is_path in any::<bool>(),
            before in proptest::sample::select(vec!["", " ", "\"", "'", "x", "\u{1b}[1m", "\n"]),
            after in proptest::sample::select(vec!["", "\"", ": because", ".", "x", " x", "\n"]),
        ) {
            let quote = format!("{}\"", "\\".repeat(backslashes));
            let [user, verb, resource, group, namespace, name] = fields;
            let mut head = resource.split('/').next().unwrap_or_default().to_owned();
            if !group.is_empty() {
                head = format!("{head}.{group}");
            }
            if has_name {
                head = format!("{head} {quote}{name}{quote}");
            }
            let head = if is_path { "forbidden: ".into() } else { format!("{head} is forbidden: ") };
            let target = match (is_path, at_cluster_scope) {
                (true, _) => format!("path {quote}/{resource}{quote}"),
                (false, true) => format!("resource {quote}{resource}{quote} in API group {quote}{group}{quote} at the cluster scope"),
                (false, false) => format!("resource {quote}{resource}{quote} in API group {quote}{group}{quote} in the namespace {quote}{namespace}{quote}"),
            };
            let place = before.len() + head.len();
            let text = format!("{before}{head}User {quote}{user}{quote} cannot {verb} {target}{after}");
            let quickly = read(text.as_bytes(), place).map(|sentence| format!("{sentence:?}"));
            if quickly.is_some() {
                prop_assert_eq!(quickly, read_slowly(text.as_bytes(), place), "{}", text);
            }
        }
    }
}
