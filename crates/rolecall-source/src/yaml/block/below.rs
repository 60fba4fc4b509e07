//! What stands below a key, cut off by its indentation alone: most of a manifest's text takes no part in
//! an answer, and need not be read.

use super::Lines;

/// Tells of a key what tells from the lines below it that they do not count. Such lines may be passed
/// over: then the key's value is null, and what is wrong or stands twice in them is not told.
pub type PassOver = fn(&str) -> Option<fn(&str) -> bool>;

impl<'a> Lines<'a> {
    /// Splits the lines off that are below a key in a column; `None` where something in them may go on
    /// further than their indentation tells.
    pub(super) fn below(&self, column: usize) -> Option<(&'a str, Self)> {
        let bytes = self.text.as_bytes();
        let deeper = SPACES.get(..=column)?;
        let (mut end, mut number) = (0, self.number);
        // Whether items stand in the column of the key itself.
        let mut unindented = None;
        while let Some(line) = bytes.get(end..).filter(|line| !line.is_empty()) {
            if line.starts_with(deeper) {
                unindented.get_or_insert(false);
            } else {
                let indentation = line.iter().position(|byte| *byte != b' ').unwrap_or_default();
                match line.get(indentation..)? {
                    [b'\n' | b'#', ..] | [b'\r', b'\n', ..] => {}
                    [b'-', b' ' | b'\r' | b'\n', ..]
                        if indentation == column && *unindented.get_or_insert(true) => {}
                    _ => break,
                }
            }
            end += memchr::memchr(b'\n', line).map_or(line.len(), |newline| newline + 1);
            number += 1;
        }
        let (below, text) = self.text.split_at_checked(end)?;
        end_with_their_lines(below).then_some((below, Self { text, number }))
    }
}

/// More columns than anybody indents by.
const SPACES: &[u8] = &[b' '; 128];

/// Returns whether all quotes and brackets of some lines are surely closed on their lines.
fn end_with_their_lines(lines: &str) -> bool {
    // Chunks without an early end are what compilers make vector instructions of.
    let is_rare = |chunk: &[u8]| chunk.iter().fold(false, |found, byte| found | is_rare(*byte));
    let has_rare = lines.as_bytes().chunks(64).any(is_rare);
    (!has_rare && quotes_end_lines(lines.as_bytes()))
        || lines.lines().all(|line| ends_with_itself(line.trim_start_matches(' ')))
}

/// Returns whether double quotes come in pairs, each on one line and at its end.
fn quotes_end_lines(lines: &[u8]) -> bool {
    let mut quotes = memchr::memchr_iter(b'"', lines);
    std::iter::from_fn(|| quotes.next().map(|opening| (opening, quotes.next()))).all(|pair| {
        let (opening, Some(closing)) = pair else { return false };
        let quoted = lines.get(opening..closing).unwrap_or_default();
        let after = lines.get(closing + 1..).unwrap_or_default();
        matches!(after, [] | [b'\n', ..] | [b'\r', b'\n', ..])
            && memchr::memchr(b'\n', quoted).is_none()
    })
}

/// Returns whether a line without its indentation is a comment, has no quotes and brackets, or ends
/// with the other one of its only pair.
fn ends_with_itself(line: &str) -> bool {
    let line = line.as_bytes();
    if line.first() == Some(&b'#') {
        return true;
    }
    let mut specials = line.iter().copied().filter(|byte| is_rare(*byte) || *byte == b'"');
    match (specials.next(), specials.next(), specials.next()) {
        (None, ..) => true,
        (Some(opening), Some(closing), None) if line.last() == Some(&closing) => {
            match (opening, closing) {
                (b'"', b'"') | (b'\'', b'\'') => true,
                // The closing one may be part of a comment.
                (b'[', b']') | (b'{', b'}') => !line.contains(&b'#'),
                _ => false,
            }
        }
        _ => false,
    }
}

/// Returns whether a byte is one that opens or closes something, or escapes what does, but for double
/// quotes.
fn is_rare(byte: u8) -> bool {
    matches!(byte, b'\'' | b'[' | b']' | b'{' | b'}' | b'\\')
}
