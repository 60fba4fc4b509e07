//! Guesses where the items of a long list start, without parsing the text before them.
//!
//! All items of a list have the same format, so the text between the first two is the separator of
//! the others. A guess can be wrong, because an item can contain a similar list. Then the previous
//! item does not end there, which its decoder detects, and only time is lost.

use memchr::memmem;

/// The separator and the beginning of the items of a list.
#[derive(Debug)]
pub(super) struct Boundary {
    /// The bytes from the line break before a closing brace, if any, to the next opening brace.
    separator: Vec<u8>,
    /// The first keys of an item.
    keys: Vec<Vec<u8>>,
}

/// The number of keys of an item that are compared.
const KEYS: usize = 3;
/// The number of candidates that are checked.
const TRIES: usize = 64;

impl Boundary {
    /// Learns from the first item, which ends at `end` of `text`, and from the separator after it.
    pub(super) fn learn(text: &[u8], start: usize, end: usize) -> Option<Self> {
        let after = text.get(end..)?;
        let gap = after.iter().position(|byte| !b" \t\r\n,".contains(byte))?;
        if after.get(gap) != Some(&b'{') {
            return None;
        }
        // The indentation of the brace distinguishes items from objects nested in them.
        let closing = text.get(..end)?.strip_suffix(b"}")?;
        let indented = closing.trim_ascii_end().len();
        let newline = closing.get(indented..)?.iter().rposition(|byte| *byte == b'\n');
        let from = newline.map_or(closing.len(), |newline| indented + newline);
        let separator = text.get(from..=end + gap)?.to_vec();
        let keys = first_keys(text.get(start + 1..end)?).map(<[u8]>::to_vec).collect();
        Some(Self { separator, keys })
    }

    /// Returns the start of the last likely item in `text`.
    pub(super) fn last(&self, text: &[u8]) -> Option<usize> {
        let mut end = text.len();
        for _ in 0..TRIES {
            let at = memmem::rfind(text.get(..end)?, &self.separator)?;
            let brace = at + self.separator.len() - 1;
            if self.begins(text.get(brace + 1..)?) {
                return Some(brace);
            }
            end = at + self.separator.len() - 1;
        }
        None
    }

    /// Returns the start of the next likely item after `from`.
    pub(super) fn next(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = text.get(from..)?;
        memmem::find_iter(rest, &self.separator)
            .map(|at| from + at + self.separator.len() - 1)
            .find(|brace| text.get(brace + 1..).is_some_and(|rest| self.begins(rest)))
    }

    fn begins(&self, text: &[u8]) -> bool {
        let mut keys = first_keys(text);
        self.keys.iter().all(|key| keys.next() == Some(key))
    }
}

/// Returns the first keys of an object, up to one whose value is not a plain string.
fn first_keys(inside: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(inside);
    std::iter::from_fn(move || {
        let (key, after) = quoted(rest.take()?)?;
        let value = after.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        rest = quoted(value).and_then(|(_, after)| after.trim_ascii_start().strip_prefix(b","));
        Some(key)
    })
    .take(KEYS)
}

/// Splits off a string without escapes.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.trim_ascii_start().strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', inside)?;
    (inside.get(end) == Some(&b'"')).then_some((inside.get(..end)?, inside.get(end + 1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let start = text.find('{').unwrap();
        let end = start + text[start..].find("}#").unwrap() + 1;
        let text = text.replacen("}#", "}", 1);
        let boundary = Boundary::learn(text.as_bytes(), start, end);
        let mut found = Vec::new();
        let mut at = end - 1;
        while let Some(next) = boundary.as_ref().and_then(|it| it.next(text.as_bytes(), at - 4)) {
            found.push(&text[next..]);
            at = next + 6;
        }
        assert_eq!(found, expected, "{text}");
        let last = boundary.and_then(|boundary| boundary.last(text.as_bytes()));
        assert_eq!(last.map(|last| &text[last..]), expected.last().copied(), "{text}");
    }

    #[test]
    fn items_are_found_in_compact_and_indented_lists() {
        check(r#"[{"kind":"A","x":{}}#,{"kind":"B"},{"y":1}]"#, &[]);
        check(
            r#"[{"kind":"A","metadata":{}}#,{"kind":"B","metadata":{"o":[{},{"kind":"C","n":1}]}}]"#,
            &[r#"{"kind":"B","metadata":{"o":[{},{"kind":"C","n":1}]}}]"#],
        );
        check(
            "[\n  {\n    \"kind\": \"A\"\n  }#,\n  {\n    \"kind\": \"B\",\n    \"o\": [\n      {\n      },\n      {\n        \"kind\": 1\n      }\n    ]\n  }\n]",
            &[
                "{\n    \"kind\": \"B\",\n    \"o\": [\n      {\n      },\n      {\n        \"kind\": 1\n      }\n    ]\n  }\n]",
            ],
        );
        check("{\"a\":1}#\n{\"a\":2}\n{\"a\":3}", &["{\"a\":2}\n{\"a\":3}", "{\"a\":3}"]);
    }
}
