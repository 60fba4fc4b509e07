use std::borrow::Cow;

use super::Region;
use crate::Position;

/// The lines of a file.
#[derive(Debug)]
pub struct TextLines<'b> {
    lines: Vec<&'b [u8]>,
}

impl<'b> TextLines<'b> {
    /// Splits a file into lines.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { lines: bytes.split(|byte| *byte == b'\n').collect() }
    }

    /// Returns the region of a zero-based line of a literal block scalar (`|`). Lines of other
    /// scalars do not correspond to lines of the file and get the region of the whole scalar.
    pub fn line_of_text(&self, text: Region, line: u32) -> Region {
        let Some(indicator) = self.indicator(text) else { return text };
        let number = indicator.saturating_add(line).saturating_add(1);
        let written = self.written(number);
        let content = written.trim();
        if content.is_empty() || number > text.end.line {
            return text;
        }
        let before = written.chars().take_while(|character| character.is_whitespace()).count();
        let position = |characters: usize| Position {
            line: number,
            column: u32::try_from(characters).unwrap_or(u32::MAX).saturating_add(1),
        };
        Region { start: position(before), end: position(before + content.chars().count()) }
    }

    /// Returns the line that ends with the scalar's `|`; `None` if it has none.
    fn indicator(&self, text: Region) -> Option<u32> {
        let before = (text.start.column as usize).checked_sub(1)?;
        if !self.written(text.start.line).chars().take(before).all(char::is_whitespace) {
            return None;
        }
        let mut number = text.start.line.checked_sub(1)?;
        // The scalar can start with empty lines.
        while number > 0 && self.written(number).trim().is_empty() {
            number -= 1;
        }
        let line = self.written(number);
        let line = line.split(" #").next().unwrap_or_default();
        let header = line.split_ascii_whitespace().last()?;
        let modifiers = header.strip_prefix('|')?;
        modifiers.chars().all(|c| matches!(c, '+' | '-') || c.is_ascii_digit()).then_some(number)
    }

    /// Returns a line by its one-based number.
    fn written(&self, number: u32) -> Cow<'b, str> {
        let line = (number as usize).checked_sub(1).and_then(|index| self.lines.get(index));
        String::from_utf8_lossy(line.copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Field, FieldStep, locate};
    use super::*;

    #[test]
    fn lines_of_literal_blocks_are_located() {
        let yaml = "a: 1\nkind: K\nmetadata: {name: n}\nliteral: |\n  one\n\n   three é \nfolded: >-\n  one\n  two\nquoted: \"one\\ntwo\"\n";
        let cases = [
            ("literal", 0, "5:3-5:6"),
            ("literal", 2, "7:4-7:11"),
            ("literal", 1, "5:3-7:11"),
            ("literal", 9, "5:3-7:11"),
            ("folded", 1, "9:3-10:6"),
            ("quoted", 1, "11:9-11:19"),
        ];
        for (key, line, expected) in cases {
            let steps = vec![FieldStep::Key(key)];
            let field = Field { line: 1, kind: "K", name: "n", steps };
            let found = locate(yaml.as_bytes(), &[field]).remove(0).unwrap();
            let Region { start, end } = TextLines::new(yaml.as_bytes()).line_of_text(found, line);
            let said = format!("{}:{}-{}:{}", start.line, start.column, end.line, end.column);
            assert_eq!(said, expected, "{key} {line}");
        }
    }
}
