//! Reads some members of an object and skips the others, faster than a parser that creates values.
//!
//! Everything that is unusual or invalid is `None`, which leaves the text to a complete parser.

/// A position in an object.
#[derive(Clone, Debug)]
pub struct Members<'t> {
    text: &'t str,
    rest: &'t [u8],
    is_first: bool,
}

/// The bit at the bottom of the open arrays and objects in [`Members::skip`].
const BOTTOM: u128 = 1;

/// The bit above which no more arrays and objects are opened.
const DEEPEST: u128 = 1 << 120;

impl<'t> Members<'t> {
    /// Starts at the first member of the object at the start of a text.
    pub fn of(text: &'t str) -> Option<Self> {
        match text.as_bytes() {
            [b'{', rest @ ..] => Some(Self { text, rest, is_first: true }),
            _ => None,
        }
    }

    /// Reads the next key, or `None` after the last member.
    pub fn key(&mut self) -> Option<Option<&'t str>> {
        self.space();
        match (self.rest, std::mem::take(&mut self.is_first)) {
            ([b'}', rest @ ..], _) => {
                self.rest = rest;
                return Some(None);
            }
            ([b',', rest @ ..], false) => self.rest = rest,
            (_, true) => {}
            _ => return None,
        }
        let key = self.string()?;
        self.colon()?;
        Some(Some(key))
    }

    /// Reads a string without escapes: the value after a key.
    pub fn string(&mut self) -> Option<&'t str> {
        self.space();
        let [b'"', rest @ ..] = self.rest else { return None };
        let start = self.text.len() - rest.len();
        self.rest = after_string(rest)?;
        let string = self.text.get(start..self.passed() - 1)?;
        (!string.contains('\\')).then_some(string)
    }

    /// Skips the value after a key.
    pub fn skip(&mut self) -> Option<()> {
        // One bit for each open array (0) or object (1).
        let mut open = BOTTOM;
        loop {
            self.space();
            match self.rest {
                [b'"', rest @ ..] => self.rest = after_string(rest)?,
                [b'{' | b'[', ..] if open >= DEEPEST => return None,
                [b'{', rest @ ..] => {
                    self.rest = rest;
                    self.space();
                    match self.rest {
                        [b'}', rest @ ..] => self.rest = rest,
                        _ => {
                            open = open << 1 | 1;
                            self.skip_key()?;
                            continue;
                        }
                    }
                }
                [b'[', rest @ ..] => {
                    self.rest = rest;
                    self.space();
                    match self.rest {
                        [b']', rest @ ..] => self.rest = rest,
                        _ => {
                            open <<= 1;
                            continue;
                        }
                    }
                }
                [b't', b'r', b'u', b'e', rest @ ..]
                | [b'f', b'a', b'l', b's', b'e', rest @ ..]
                | [b'n', b'u', b'l', b'l', rest @ ..] => self.rest = rest,
                _ => self.rest = after_number(self.rest)?,
            }
            loop {
                if open == BOTTOM {
                    return Some(());
                }
                self.space();
                match (self.rest, open & 1) {
                    ([b',', rest @ ..], of_object) => {
                        self.rest = rest;
                        if of_object == 1 {
                            self.skip_key()?;
                        }
                        break;
                    }
                    ([b'}', rest @ ..], 1) | ([b']', rest @ ..], 0) => {
                        self.rest = rest;
                        open >>= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// Returns the number of bytes before the position.
    pub fn passed(&self) -> usize {
        self.text.len() - self.rest.len()
    }

    fn skip_key(&mut self) -> Option<()> {
        self.space();
        let [b'"', rest @ ..] = self.rest else { return None };
        self.rest = after_string(rest)?;
        self.colon()
    }

    fn colon(&mut self) -> Option<()> {
        self.space();
        let [b':', rest @ ..] = self.rest else { return None };
        self.rest = rest;
        Some(())
    }

    fn space(&mut self) {
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

/// Returns the bytes after the closing quote of a string.
fn after_string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        if let Some(chunk) = rest.first_chunk() {
            match special(u64::from_le_bytes(*chunk)) {
                None => {
                    rest = rest.get(chunk.len()..)?;
                    continue;
                }
                Some(position) => rest = rest.get(position..)?,
            }
        }
        match rest {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', after @ ..] => {
                rest = after;
            }
            [b'\\', b'u', a, b, c, d, after @ ..]
                if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
            {
                rest = after;
            }
            [] | [b'\\' | 0..b' ', ..] => return None,
            [_, after @ ..] => rest = after,
        }
    }
}

/// Returns the position of the first of eight bytes that is a quote, a backslash or a control
/// character.
fn special(bytes: u64) -> Option<usize> {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // Borrows only affect bytes after the first match.
    let below = |bytes: u64, limit: u8| bytes.wrapping_sub(ONES * u64::from(limit)) & !bytes;
    let equal = |byte: u8| below(bytes ^ (ONES * u64::from(byte)), 1);
    match (below(bytes, b' ') | equal(b'"') | equal(b'\\')) & HIGH {
        0 => None,
        found => usize::try_from(found.trailing_zeros() / 8).ok(),
    }
}

/// Returns the bytes after a number.
fn after_number(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let mut rest = match rest {
        [b'0', rest @ ..] => rest,
        _ => after_digits(rest)?,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = after_digits(fraction)?;
    }
    match rest {
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            after_digits(exponent)
        }
        _ => Some(rest),
    }
}

fn after_digits(rest: &[u8]) -> Option<&[u8]> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    rest.get(digits..).filter(|_| digits > 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    /// Returns the length of the object at the start of a text, if it is plain enough.
    fn length(text: &str) -> Option<usize> {
        let mut members = Members::of(text)?;
        while members.key()?.is_some() {
            members.skip()?;
        }
        Some(members.passed())
    }

    fn parsed(text: &str) -> Option<usize> {
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        Some(values.byte_offset())
    }

    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            Just("false".to_owned()),
            "-?(0|[1-9][0-9]{0,3})([.][0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            r#""([ -!#-\[\]-~äё€😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}){0,20}""#,
        ];
        scalar.prop_recursive(4, 24, 4, |inner| {
            let space = "[ \n\r\t]{0,2}";
            let list = prop::collection::vec((inner.clone(), space), 0..4).prop_map(|values| {
                let values: Vec<String> =
                    values.into_iter().map(|(value, space)| format!("{space}{value}")).collect();
                format!("[{}]", values.join(","))
            });
            let object = prop::collection::vec((inner, space), 0..4).prop_map(|values| {
                let member = |(value, space)| format!("{space}\"k\\n\"{space}:{space}{value}");
                let members: Vec<String> = values.into_iter().map(member).collect();
                format!("{{{}}}", members.join(","))
            });
            prop_oneof![list, object]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]
        #[test]
        fn valid_objects_have_their_length(value in value(), after in "[ ,}x]{0,3}") {
            let text = format!("{{\"apiVersion\" : \"v1\", \"spec\":{value} }}{after}");
            prop_assert_eq!(length(&text), parsed(&text), "{}", text);
        }

        #[test]
        fn invalid_objects_are_left_to_the_parser(
            value in value(),
            at in 0usize..80,
            wrong in r#"[\x00-\x1f"\\{}\[\],:0-9eE.+a-z-]{0,2}"#,
        ) {
            let text = format!("{{\"a\":{value},\"b\":[1.5e3,{{}}]}}");
            let (mut start, mut end) = (at.min(text.len()), (at + 1).min(text.len()));
            while !text.is_char_boundary(start) { start -= 1; }
            while !text.is_char_boundary(end) { end += 1; }
            let text = format!("{}{wrong}{}", &text[..start], &text[end..]);
            if let Some(length) = length(&text) {
                prop_assert_eq!(Some(length), parsed(&text), "{}", text);
            }
        }
    }

    #[test]
    fn deep_values_are_left_to_the_parser() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(length(&nested(100)), Some(206));
        assert_eq!(length(&nested(130)), None);
    }

    #[test]
    fn strings_are_read_without_escapes() {
        let mut members = Members::of(r#"{"kind": "Pod", "a\n": 1}"#).unwrap();
        assert_eq!(members.key(), Some(Some("kind")));
        assert_eq!(members.string(), Some("Pod"));
        assert_eq!(members.key(), None);
    }
}
