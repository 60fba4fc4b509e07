//! The content of one line: keys, scalars and flow sequences of scalars.

use super::{LastBreak, Scalar};

/// A value on the line of its key or dash.
pub(super) enum Inline<'a> {
    /// A scalar and its length including quotes.
    Scalar(Scalar<'a>, usize),
    /// `{}`
    EmptyMapping,
    /// `[a, "b"]`
    Sequence(Items<'a>),
    /// The length of a `|` indicator; the value is the text on the following lines.
    Literal(LastBreak, usize),
}

/// Returns whether a text is printable ASCII with line breaks that every parser recognizes.
pub(super) fn is_plain_ascii(bytes: &[u8]) -> bool {
    let printable = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\r');
    // Compilers vectorize chunks without an early exit.
    let all =
        bytes.chunks(64).all(|chunk| chunk.iter().fold(true, |all, byte| all & printable(*byte)));
    all && memchr::memchr_iter(b'\r', bytes).all(|at| bytes.get(at + 1) == Some(&b'\n'))
}

/// Returns the key at an offset, without its colon.
pub(super) fn key(text: &str, at: usize) -> Option<&str> {
    let bytes = text.as_bytes().get(at..)?;
    let length = bytes.iter().position(|byte| OF_KEY.get(usize::from(*byte)) != Some(&true))?;
    let starts = bytes.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    (starts && is_colon(bytes.get(length..)?)).then(|| text.get(at..at + length))?
}

/// The characters that are allowed anywhere in a key; keys with other characters are rare.
static OF_KEY: [bool; 256] = {
    let mut of_key = [false; 256];
    let mut rest: &mut [bool] = &mut of_key;
    let mut byte = 0u8;
    while let [first, others @ ..] = rest {
        *first = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/');
        byte = byte.wrapping_add(1);
        rest = others;
    }
    of_key
};

/// Returns whether a text starts with the colon after a key.
fn is_colon(bytes: &[u8]) -> bool {
    matches!(bytes, [b':'] | [b':', b' ' | b'\n' | b'\r', ..])
}

/// Reads the value at an offset and ignores the rest of the line.
pub(super) fn inline(text: &str, at: usize) -> Option<Inline<'_>> {
    let text = text.get(at..)?;
    match text.as_bytes() {
        [b'"' | b'\'', ..] => {
            let (quoted, _) = quoted(text)?;
            Some(Inline::Scalar(Scalar::Quoted(quoted), quoted.len() + 2))
        }
        [b'[', rest @ ..] => {
            let end =
                memchr::memchr2(b']', b'\n', rest).filter(|at| rest.get(*at) == Some(&b']'))?;
            Some(Inline::Sequence(Items { text, at: 1, end: end + 1 }))
        }
        [b'{', b'}', ..] => Some(Inline::EmptyMapping),
        [b'|', b'-', ..] => Some(Inline::Literal(LastBreak::Stripped, 2)),
        [b'|', ..] => Some(Inline::Literal(LastBreak::Kept, 1)),
        bytes => {
            let text = text.get(..plain(bytes)?)?;
            Some(Inline::Scalar(Scalar::Plain(text), text.len()))
        }
    }
}

/// Splits off a quoted scalar without escapes.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let quote = *bytes.first()?;
    let end = 1 + memchr::memchr3(quote, b'\\', b'\n', bytes.get(1..)?)?;
    if bytes.get(end) != Some(&quote) || bytes.get(end + 1) == Some(&quote) {
        return None;
    }
    Some((text.get(1..end)?, text.get(end + 1..)?))
}

/// Returns the length of the plain scalar at the start of a text.
fn plain(bytes: &[u8]) -> Option<usize> {
    if !starts_plain(bytes) {
        return None;
    }
    let mut end = bytes.len();
    for at in memchr::memchr3_iter(b':', b'#', b'\n', bytes) {
        let (before, rest) = bytes.split_at_checked(at)?;
        match rest.first()? {
            b':' if is_colon(rest) => return None,
            b':' => continue,
            b'#' if before.last() != Some(&b' ') => continue,
            _ => {}
        }
        end = at;
        break;
    }
    let line = bytes.get(..end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    Some(line.len() - line.iter().rev().take_while(|byte| **byte == b' ').count())
}

/// Returns whether a text starts like a plain scalar for every parser.
fn starts_plain(bytes: &[u8]) -> bool {
    match bytes {
        [b'-', second, ..] => second.is_ascii_alphanumeric() || *second == b'-',
        [first, ..] => {
            first.is_ascii_alphanumeric()
                || matches!(first, b'_' | b'/' | b'.' | b'$' | b'(' | b'+' | b'~')
        }
        [] => false,
    }
}

/// The items of a flow sequence with their offsets and written lengths; `None` for an item that is
/// not a simple scalar.
pub(super) struct Items<'a> {
    text: &'a str,
    at: usize,
    /// The offset of the closing bracket.
    end: usize,
}

impl<'a> Iterator for Items<'a> {
    type Item = Option<(usize, Scalar<'a>, usize)>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..self.end)?;
        let content = rest.trim_start_matches(' ');
        if content.is_empty() && self.at == 1 {
            return None;
        }
        let start = self.end - content.len();
        let item = self.item(content);
        // Beyond the end after the last item.
        self.at = item.as_ref().map_or(usize::MAX, |(_, _, next)| *next);
        Some(item.map(|(value, length, _)| (start, value, length)))
    }
}

impl<'a> Items<'a> {
    /// Returns the length of the sequence including its brackets.
    pub(super) fn length(&self) -> usize {
        self.end + 1
    }

    /// Reads an item and returns it with its length and the offset after the following comma.
    fn item(&self, content: &'a str) -> Option<(Scalar<'a>, usize, usize)> {
        let (value, length, after) = if content.starts_with(['"', '\'']) {
            let (quoted, after) = quoted(content)?;
            (Scalar::Quoted(quoted), quoted.len() + 2, after)
        } else {
            let length = content.find(',').unwrap_or(content.len());
            let (item, after) = content.split_at_checked(length)?;
            let item = item.trim_end_matches(' ');
            let simple = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./*".contains(&byte);
            if !starts_plain(item.as_bytes()) || !item.bytes().all(simple) {
                return None;
            }
            (Scalar::Plain(item), item.len(), after)
        };
        let after = after.trim_start_matches(' ');
        match after.as_bytes() {
            [] => Some((value, length, usize::MAX)),
            // A trailing comma is valid, but too rare to support.
            [b',', rest @ ..] if !rest.trim_ascii().is_empty() => {
                Some((value, length, self.end - after.len() + 1))
            }
            _ => None,
        }
    }
}
