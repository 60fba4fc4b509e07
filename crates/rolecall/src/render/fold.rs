//! Wrapping of output lines to the width of a terminal.

use std::io::{self, Write};

use anstream::adapter::strip_str;
use unicode_width::UnicodeWidthStr;

/// The additional indentation of continuation lines.
const HANGING: usize = 2;

/// Wraps lines at spaces if they are longer than the width of the terminal.
pub(crate) struct Folded<W: Write> {
    inner: W,
    columns: Option<usize>,
    line: Vec<u8>,
}

impl<W: Write> Folded<W> {
    /// Wraps to a number of columns, or not at all without one.
    pub(crate) fn new(inner: W, columns: Option<usize>) -> Self {
        Self { inner, columns, line: Vec::new() }
    }

    fn write_line(&mut self) -> io::Result<()> {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        match self.columns.filter(|columns| width(&line) > *columns) {
            None => writeln!(self.inner, "{line}"),
            Some(columns) => {
                for part in fold(&line, columns) {
                    writeln!(self.inner, "{part}")?;
                }
                Ok(())
            }
        }
    }
}

impl<W: Write> Write for Folded<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") {
                self.write_line()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.write_line()?;
        }
        self.inner.flush()
    }
}

fn fold(line: &str, columns: usize) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let lead = " ".repeat(indent + HANGING);
    let mut parts = Vec::new();
    let mut part = " ".repeat(indent);
    let mut is_empty = true;
    for word in line.trim_start().split(' ') {
        // No line starts with `::`, which is a command for some CI runners.
        let fits = width(&part) + 1 + width(word) <= columns || word.starts_with("::");
        if !is_empty && !fits {
            parts.push(std::mem::replace(&mut part, lead.clone()));
            is_empty = true;
        }
        if !is_empty {
            part.push(' ');
        }
        part.push_str(word);
        is_empty = false;
    }
    parts.push(part);
    parts
}

fn width(text: &str) -> usize {
    strip_str(text).to_string().width()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_wrap_and_names_stay_whole() {
        let mut out = Vec::new();
        let mut folded = Folded::new(&mut out, Some(16));
        folded.write_all(b"yes: it may\n  by RoleBinding shop/a-name-that-is-long").unwrap();
        folded.write_all(b", rule 1\n").unwrap();
        folded.flush().unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "yes: it may\n  by RoleBinding\n    shop/a-name-that-is-long,\n    rule 1\n"
        );
    }
}
