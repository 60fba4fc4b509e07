//! Text that is safe to print and to write into comments.

use std::fmt::Write as _;

pub(crate) use crate::refusal::is_printable;

/// Escapes what does not show itself: control characters, line breaks, invisible ones and those that
/// turn the direction of writing.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    let mut previous = '\0';
    for character in text.chars() {
        // Runners of pipelines take commands from lines that hold `##[`, `##vso[` or `##teamcity[`.
        let is_command = character == '#' && previous == '#';
        if is_printable(character) && !is_command {
            printable.push(character);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(printable, "{}", character.escape_unicode());
        }
        previous = character;
    }
    printable
}
