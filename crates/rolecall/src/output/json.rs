//! JSON that is safe on a terminal.

use std::io::{self, Write};

use serde::Serialize;

use crate::error::CommandError;
use crate::render::is_harmful;

/// The one control character that JSON allows as it is.
const DELETE: char = '\u{7f}';

/// Writes a value as JSON on one line, without a line break.
pub(crate) fn write(out: &mut impl Write, value: &impl Serialize) -> Result<(), CommandError> {
    Ok(serde_json::to_writer(Guard(out), value)?)
}

/// Writes a value as indented JSON and a line break.
pub(crate) fn write_pretty(
    out: &mut impl Write,
    value: &impl Serialize,
) -> Result<(), CommandError> {
    serde_json::to_writer_pretty(Guard(&mut *out), value)?;
    writeln!(out)?;
    Ok(())
}

/// Copies JSON text. What a terminal might act on can only stand in strings, where it is as well
/// written `\\u....`.
pub(crate) fn copy(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut rest = text;
    let is_escaped = |c: char| c == DELETE || (!c.is_ascii() && is_harmful(c));
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
        let (before, after) = rest.split_at(at);
        out.write_all(before.as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(out, "\\u{unit:04x}")?;
        }
        rest = after.get(c.len_utf8()..).unwrap_or_default();
    }
    out.write_all(rest.as_bytes())
}

/// Passes on what serde_json writes, which is whole characters each time.
struct Guard<W>(W);

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.is_ascii() || text.contains(DELETE) => copy(&mut self.0, text)?,
            _ => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_act_on_is_escaped() {
        for (text, expected) in [
            ("a\u{1b}[2J", r#""a\u001b[2J""#),
            ("a\u{7f}b", r#""a\u007fb""#),
            ("b\u{9b}2J\u{202e}x", r#""b\u009b2J\u202ex""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
            ("münchen 東京", "\"münchen 東京\""),
        ] {
            let mut out = Vec::new();
            write(&mut out, &text).unwrap();
            let written = String::from_utf8(out).unwrap();
            assert_eq!(written, expected);
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        }
    }
}
