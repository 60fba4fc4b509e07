//! Makes text safe for terminals and YAML comments.

use std::fmt::Write as _;

pub(crate) use crate::refusal::is_printable;

/// Escapes unprintable characters: control characters, line breaks, invisible characters and text
/// direction marks.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    let mut previous = '\0';
    for character in text.chars() {
        // CI runners interpret lines with `##[`, `##vso[` or `##teamcity[` as commands.
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
