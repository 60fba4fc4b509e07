//! Parses Go's `%q`, in which servers write names, and the HTML escapes that they apply on top.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memrchr};

/// Splits a quoted string off the start of `text`: its escaped content, and the rest.
///
/// `%q` never writes a raw line break, so a line break means that the string was cut off.
pub(super) fn split(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let content = text.strip_prefix(b"\"")?;
    let mut position = 0;
    loop {
        position += memchr2(b'"', b'\\', content.get(position..)?)?;
        if content.get(position) == Some(&b'"') {
            let raw = content.get(..position)?;
            let broken = memchr2(b'\n', b'\r', raw).is_some();
            return (!broken).then_some((raw, content.get(position + 1..)?));
        }
        position += 2;
    }
}

/// Returns the start of the quoted string at the end of `text`.
pub(super) fn opening(text: &[u8]) -> Option<usize> {
    let mut end = text.strip_suffix(b"\"")?.len();
    if !backslashes_before(text, end).is_multiple_of(2) {
        return None;
    }
    loop {
        let quote = memrchr(b'"', text.get(..end)?)?;
        if backslashes_before(text, quote).is_multiple_of(2) {
            return Some(quote);
        }
        end = quote;
    }
}

/// Returns the number of backslashes directly before a position.
pub(super) fn backslashes_before(text: &[u8], position: usize) -> usize {
    let before = text.get(..position).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// Decodes a quoted string's content; `None` for escapes that are not Go's or bytes that are not
/// UTF-8.
pub(super) fn unquote(raw: &[u8]) -> Option<Cow<'_, str>> {
    if memchr(b'\\', raw).is_none() {
        return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let [letter, after @ ..] = rest else { return None };
        rest = after;
        let digits = match letter {
            b'"' | b'\\' | b'\'' => {
                bytes.push(*letter);
                continue;
            }
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => {
                bytes.push(control_character(*letter)?);
                continue;
            }
        };
        let value = hexadecimal(rest.get(..digits)?)?;
        rest = rest.get(digits..)?;
        if digits == 2 {
            bytes.push(u8::try_from(value).ok()?);
        } else {
            push_char(&mut bytes, char::from_u32(value)?);
        }
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Returns the control character for a letter after a backslash in Go, C and JSON.
pub(super) fn control_character(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0b,
        b'f' => 0x0c,
        b'r' => b'\r',
        _ => return None,
    })
}

/// Parses one to eight hexadecimal digits.
pub(super) fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let all_digits = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| all_digits)?;
    u32::from_str_radix(digits, 16).ok()
}

/// Appends a character as UTF-8.
pub(super) fn push_char(bytes: &mut Vec<u8>, character: char) {
    bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
}

/// Decodes the three HTML escapes that servers apply to the text from `User` on.
pub(super) fn undo_html(raw: &[u8]) -> Cow<'_, [u8]> {
    const ESCAPES: [(&[u8], u8); 3] = [(b"&amp;", b'&'), (b"&lt;", b'<'), (b"&gt;", b'>')];
    if memchr(b'&', raw).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(replace(raw, &ESCAPES))
}

/// Replaces each escape that starts with `&`, once.
pub(super) fn replace(raw: &[u8], escapes: &[(&[u8], u8)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(ampersand) = memchr(b'&', rest) {
        let (before, from) = rest.split_at(ampersand);
        bytes.extend_from_slice(before);
        let escape = escapes.iter().find(|(escape, _)| from.starts_with(escape));
        let (byte, length) = escape.map_or((b'&', 1), |(escape, byte)| (*byte, escape.len()));
        bytes.push(byte);
        rest = from.get(length..).unwrap_or_default();
    }
    bytes.extend_from_slice(rest);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_ends_at_its_first_bare_quote() {
        for (text, content, rest) in [
            (r#""a" b"#, "a", " b"),
            (r#""a\"b" c"#, r#"a\"b"#, " c"),
            (r#""a\\" c"#, r"a\\", " c"),
            (r#""" c"#, "", " c"),
        ] {
            assert_eq!(split(text.as_bytes()), Some((content.as_bytes(), rest.as_bytes())));
        }
        for text in [r#"a""#, r#""cut"#, "\"two\nlines\""] {
            assert_eq!(split(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_opening_quote_is_found_despite_escaped_quotes() {
        assert_eq!(opening(br#"User "a\"b""#), Some(5));
        assert_eq!(opening(br#"User "a\\""#), Some(5));
        assert_eq!(opening(br#"User \"a""#), None);
    }

    #[test]
    fn unquoting_reverses_go() {
        let rows: [(&[u8], Option<&str>); 9] = [
            (b"plain", Some("plain")),
            (br#"a\"b\\c"#, Some(r#"a"b\c"#)),
            (br"\x1b[31m\n\t", Some("\u{1b}[31m\n\t")),
            (br"\u202e\U0001f600", Some("\u{202e}\u{1f600}")),
            (br"\xc3\xa9", Some("é")),
            (br"\xff", None),
            (br"\q", None),
            (br"\u12", None),
            (b"cut\\", None),
        ];
        for (raw, expected) in rows {
            assert_eq!(unquote(raw).as_deref(), expected, "{}", raw.escape_ascii());
        }
    }

    #[test]
    fn html_is_decoded_once() {
        assert_eq!(&*undo_html(b"a&amp;lt;b&lt;&gt;&nbsp;&"), b"a&lt;b<>&nbsp;&");
    }
}
