//! Decodes one layer of encoding around a refusal: JSON, Go, Rust and Python strings, and HTML.
//!
//! Logs contain `\"`, JSON in JSON contains `\\\"`, a Python `repr` of JSON `\\"`, and .NET writes
//! `\u0022`. The number of backslashes before a quote identifies the encoding; layers are decoded
//! one at a time until the quote is bare.

use super::quote;

/// A part of the input around the place of interest, with some layers decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peeled {
    /// The text.
    pub(super) text: Vec<u8>,
    /// The new position of the place of interest.
    pub(super) place: usize,
}

/// The outermost encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// A string that ends at its quotes and contains escaped quotes.
    Quoted,
    /// A string that contains only escaped backslashes.
    Doubled,
    /// HTML.
    Html,
}

/// Returns the encoding that the quote at the end of `text` indicates, if any.
pub(super) fn encoding_before(text: &[u8]) -> Option<Encoding> {
    if HTML_QUOTES.iter().any(|quote| text.ends_with(quote)) {
        return Some(Encoding::Html);
    }
    let length = if text.ends_with(b"\"") {
        1
    } else if text.ends_with(b"u0022") {
        5
    } else {
        return None;
    };
    of_run(quote::backslashes_before(text, text.len() - length))
}

/// Returns the encoding that the quote at the start of `text` indicates, if any.
pub(super) fn encoding_after(text: &[u8]) -> Option<Encoding> {
    if HTML_QUOTES.iter().any(|quote| text.starts_with(quote)) {
        return Some(Encoding::Html);
    }
    let run = text.iter().take_while(|byte| **byte == b'\\').count();
    let rest = text.get(run..).unwrap_or_default();
    if rest.starts_with(b"\"") || rest.starts_with(b"u0022") { of_run(run) } else { None }
}

/// Returns the encoding that an escaped line break at the start of `text` indicates, if any.
pub(super) fn line_break_after(text: &[u8]) -> Option<Encoding> {
    let run = text.iter().take_while(|byte| **byte == b'\\').count();
    matches!(text.get(run), Some(b'n' | b'r' | b't')).then(|| of_run(run)).flatten()
}

fn of_run(backslashes: usize) -> Option<Encoding> {
    match backslashes {
        0 => None,
        odd if odd % 2 == 1 => Some(Encoding::Quoted),
        _ => Some(Encoding::Doubled),
    }
}

/// Decodes one layer of the string around `place`, up to the end of that string.
pub(super) fn peel(text: &[u8], place: usize, encoding: Encoding) -> Peeled {
    let (before, after) = text.split_at(place.min(text.len()));
    match encoding {
        Encoding::Html => {
            let mut peeled = quote::replace(before, &HTML);
            let place = peeled.len();
            peeled.extend_from_slice(&quote::replace(after, &HTML));
            Peeled { text: peeled, place }
        }
        Encoding::Quoted | Encoding::Doubled => {
            let quotes_end = encoding == Encoding::Quoted;
            let before = before.get(start(before, quotes_end)..).unwrap_or_default();
            let after = after.get(..end(after, quotes_end)).unwrap_or_default();
            let mut peeled = Vec::with_capacity(before.len() + after.len());
            unescape(before, &mut peeled);
            let place = peeled.len();
            unescape(after, &mut peeled);
            Peeled { text: peeled, place }
        }
    }
}

const HTML_QUOTES: [&[u8]; 3] = [b"&quot;", b"&#34;", b"&#x22;"];

const HTML: [(&[u8], u8); 10] = [
    (b"&quot;", b'"'),
    (b"&#34;", b'"'),
    (b"&#x22;", b'"'),
    (b"&amp;", b'&'),
    (b"&#38;", b'&'),
    (b"&lt;", b'<'),
    (b"&gt;", b'>'),
    (b"&#39;", b'\''),
    (b"&#x27;", b'\''),
    (b"&apos;", b'\''),
];

/// Returns the start of the string at the end of `text`: after its opening quote, the last line
/// break, or a backslash at which the text might have been cut.
fn start(text: &[u8], quotes_end: bool) -> usize {
    let mut end = text.len();
    loop {
        let ahead = text.get(..end).unwrap_or_default();
        let found = if quotes_end {
            memchr::memrchr2(b'"', b'\n', ahead)
        } else {
            memchr::memrchr(b'\n', ahead)
        };
        let Some(position) = found else {
            return text.iter().take_while(|byte| **byte == b'\\').count();
        };
        let bare = quote::backslashes_before(text, position).is_multiple_of(2);
        if text.get(position) == Some(&b'\n') || bare {
            return position + 1;
        }
        end = position;
    }
}

/// Returns the end of the string at the start of `text`.
fn end(text: &[u8], quotes_end: bool) -> usize {
    let mut position = 0;
    while let Some(found) = text
        .get(position..)
        .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\n' | b'\\')))
    {
        position += found;
        match text.get(position) {
            Some(b'\\') => position += 2,
            Some(b'"') if !quotes_end => position += 1,
            _ => return position,
        }
    }
    text.len()
}

/// Decodes the escapes of JSON, Go, Rust and Python; keeps unknown ones.
fn unescape(text: &[u8], into: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(backslash) = memchr::memchr(b'\\', rest) {
        let (before, from) = rest.split_at(backslash);
        into.extend_from_slice(before);
        let [_, letter, after @ ..] = from else {
            rest = &[];
            continue;
        };
        rest = match escape(*letter, after) {
            Some((Unescaped::Byte(byte), used)) => {
                into.push(byte);
                after.get(used..).unwrap_or_default()
            }
            Some((Unescaped::Char(character), used)) => {
                quote::push_char(into, character);
                after.get(used..).unwrap_or_default()
            }
            None => {
                into.extend_from_slice(&[b'\\', *letter]);
                after
            }
        };
    }
    into.extend_from_slice(rest);
}

enum Unescaped {
    Byte(u8),
    Char(char),
}

/// Reads the text after a backslash and a letter; returns the meaning and the number of bytes.
fn escape(letter: u8, after: &[u8]) -> Option<(Unescaped, usize)> {
    let number = |digits: usize| after.get(..digits).and_then(quote::hexadecimal);
    let char_of = |digits: usize| Some((Unescaped::Char(char::from_u32(number(digits)?)?), digits));
    match letter {
        b'"' | b'\\' | b'/' | b'\'' => Some((Unescaped::Byte(letter), 0)),
        b'x' => Some((Unescaped::Byte(u8::try_from(number(2)?).ok()?), 2)),
        b'u' if after.starts_with(b"{") => {
            let close = after.iter().take(8).position(|byte| *byte == b'}')?;
            let value = after.get(1..close).and_then(quote::hexadecimal)?;
            Some((Unescaped::Char(char::from_u32(value)?), close + 1))
        }
        b'u' => char_of(4).or_else(|| surrogates(after)),
        b'U' => char_of(8),
        _ => quote::control_character(letter).map(|byte| (Unescaped::Byte(byte), 0)),
    }
}

/// Reads `d83d\ude00`: a surrogate pair, which JSON uses for characters beyond the first plane.
fn surrogates(after: &[u8]) -> Option<(Unescaped, usize)> {
    let high = quote::hexadecimal(after.get(..4)?)?;
    let low = quote::hexadecimal(after.get(4..)?.strip_prefix(b"\\u")?.get(..4)?)?;
    let in_range = (0xd800..0xdc00).contains(&high) && (0xdc00..0xe000).contains(&low);
    let value = 0x10000 + ((high.checked_sub(0xd800)? << 10) | low.checked_sub(0xdc00)?);
    Some((Unescaped::Char(char::from_u32(value).filter(|_| in_range)?), 10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let place = text.find('|').unwrap();
        let input = text.replacen('|', "", 1);
        let encoding = encoding_before(input[..place].trim_end().as_bytes()).unwrap();
        let peeled = peel(input.as_bytes(), place, encoding);
        let mut shown = String::from_utf8(peeled.text).unwrap();
        shown.insert(peeled.place, '|');
        assert_eq!(shown, expected);
    }

    #[test]
    fn one_layer_is_decoded_up_to_the_ends_of_its_string() {
        check(r#"{"m":"User \"a\" |cannot \"b\"","n":1}"#, r#"User "a" |cannot "b""#);
        check(r#"{"m":"x \\\"a\\\" |cannot \\\"b"}"#, r#"x \"a\" |cannot \"b"#);
        check(r#"b'{"m":"x \\"a\\" |cannot \\"b"}'"#, r#"b'{"m":"x \"a\" |cannot \"b"}'"#);
        check(r#"{"m":"x \u0022a\u0022 |cannot \u0022b"}"#, r#"x "a" |cannot "b"#);
        check(r#"x &quot;a&quot; |cannot &quot;&amp;lt;"#, r#"x "a" |cannot "&lt;"#);
        check("before\nx \\\"a\\\" |cannot\nafter", "x \"a\" |cannot");
    }

    #[test]
    fn escapes_of_all_languages_are_decoded() {
        let mut bytes = Vec::new();
        unescape(br#"\u0026\ud83d\ude00\u{1b}\x41\/\'\n\q\U0001f600\"#, &mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), "&😀\u{1b}A/'\n\\q😀");
    }

    #[test]
    fn half_a_surrogate_pair_is_kept() {
        let mut bytes = Vec::new();
        unescape(br"\ud83dx\u12", &mut bytes);
        assert_eq!(bytes, br"\ud83dx\u12");
    }
}
