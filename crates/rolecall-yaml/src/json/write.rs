//! Writes JSON that is safe to print on a terminal.

use std::io::{self, Write};

use serde::Serialize;

use crate::is_harmful;

/// The only control character that JSON allows unescaped.
const DELETE: char = '\u{7f}';

/// Writes a value as one line of JSON, without a line break.
pub fn write(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut guard = Guard::new(out);
    serde_json::to_writer(&mut guard, value)?;
    guard.finish()
}

/// Writes a value as indented JSON, with a line break.
pub fn write_pretty(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    let mut guard = Guard::new(&mut *out);
    serde_json::to_writer_pretty(&mut guard, value)?;
    guard.finish()?;
    writeln!(out)
}

/// Copies JSON text and escapes characters that a terminal or CI runner could act on. They occur
/// only in strings, where `\\u....` is equivalent.
pub fn copy(out: &mut impl Write, text: &str) -> io::Result<()> {
    if is_simple(text.as_bytes()) {
        return out.write_all(text.as_bytes());
    }
    let mut copied = 0;
    let mut previous = '\0';
    for (at, c) in text.char_indices() {
        // CI runners look for `##[`, `##vso[` and `##teamcity[` anywhere in a line.
        let is_command = c == '#' && previous == '#';
        if is_command || c == DELETE || (!c.is_ascii() && is_harmful(c)) {
            out.write_all(text.get(copied..at).unwrap_or_default().as_bytes())?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            copied = at + c.len_utf8();
        }
        previous = c;
    }
    out.write_all(text.get(copied..).unwrap_or_default().as_bytes())
}

/// Returns whether a text contains nothing that needs an escape.
fn is_simple(text: &[u8]) -> bool {
    text.is_ascii() && memchr::memchr2(DELETE as u8, b'#', text).is_none()
}

/// Passes on the output of serde_json, which writes a few bytes at a time but never parts of
/// characters, in larger pieces.
struct Guard<W> {
    out: W,
    pending: Vec<u8>,
}

/// The number of bytes that are inspected and passed on together.
const PIECE: usize = 1 << 15;

impl<W: Write> Guard<W> {
    fn new(out: W) -> Self {
        Self { out, pending: Vec::new() }
    }

    /// Passes on the rest.
    fn finish(mut self) -> io::Result<()> {
        self.pass_on()
    }

    fn pass_on(&mut self) -> io::Result<()> {
        match std::str::from_utf8(&self.pending) {
            Ok(text) if !is_simple(&self.pending) => copy(&mut self.out, text)?,
            _ => self.out.write_all(&self.pending)?,
        }
        self.pending.clear();
        Ok(())
    }
}

impl<W: Write> Write for Guard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        // The start of a CI runner's command must not be separated from its end.
        if self.pending.len() >= PIECE && !self.pending.ends_with(b"#") {
            self.pass_on()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_characters_are_escaped() {
        for (text, expected) in [
            ("a\u{1b}[2J", r#""a\u001b[2J""#),
            ("a\u{7f}b", r#""a\u007fb""#),
            ("b\u{9b}2J\u{202e}x", r#""b\u009b2J\u202ex""#),
            ("\u{e0041}", r#""\udb40\udc41""#),
            ("##[x]###", r##""#\u0023[x]#\u0023\u0023""##),
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
