//! Text that is safe to print and to write into comments.

use std::fmt::Write as _;

pub(crate) use crate::refusal::is_printable;

/// Escapes what does not show itself: control characters, line breaks, invisible ones and those that
/// turn the direction of writing.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if is_printable(character) {
            printable.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(printable, "{}", character.escape_unicode());
        }
    }
    printable
}
