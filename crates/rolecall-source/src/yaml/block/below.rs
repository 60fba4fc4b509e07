//! What stands below a key, cut off by its indentation alone: most of a manifest's text takes no part in
//! an answer, and need not be read.

use super::{Lines, is_dash};

/// Tells of a key what tells from the lines below it that they do not count. Such lines may be passed
/// over: then the key's value is null, and what is wrong or stands twice in them is not told.
pub type PassOver = fn(&str) -> Option<fn(&str) -> bool>;

impl<'a> Lines<'a> {
    /// Splits the lines off that are below a key in a column; `None` where something in them may go on
    /// further than their indentation tells.
    pub(super) fn below(&self, column: usize) -> Option<(&'a str, Self)> {
        let mut rest = Self { ..*self };
        let mut unindented = None;
        loop {
            let mut ahead = Self { ..rest };
            let Some(line) = ahead.next() else { break };
            let start = line.content(0);
            let content = line.bytes(start);
            if !matches!(content.first(), None | Some(b'#')) {
                let item = start == column && is_dash(content);
                if start <= column && !(item && *unindented.get_or_insert(item)) {
                    break;
                }
                unindented.get_or_insert(false);
                if !ends_on_its_line(content) {
                    return None;
                }
            }
            rest = ahead;
        }
        let below = self.text.get(..self.text.len() - rest.text.len())?;
        Some((below, rest))
    }
}

/// Returns whether a line surely leaves no quote and no bracket open: it has none, or ends with the
/// other one of its only pair.
fn ends_on_its_line(line: &[u8]) -> bool {
    let is_special = |byte: &u8| b"\"'[]{}\\".contains(byte);
    let mut specials = line.iter().filter(|byte| is_special(byte));
    match (specials.next(), specials.next(), specials.next()) {
        (None, ..) => true,
        (Some(first), Some(second), None) if line.last() == Some(second) => match (first, second) {
            (b'"', b'"') | (b'\'', b'\'') => true,
            // The closing one may be part of a comment.
            (b'[', b']') | (b'{', b'}') => !line.contains(&b'#'),
            _ => false,
        },
        _ => false,
    }
}
