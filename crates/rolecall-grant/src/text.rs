//! Makes text safe for terminals and YAML comments.

use std::fmt::Write as _;

use rolecall_yaml::is_harmful;

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

/// Returns whether a character is printable: not a control character, direction mark or invisible
/// character.
pub(crate) fn is_printable(character: char) -> bool {
    // Variation selectors, specials, tags and private use.
    !is_harmful(character)
        && !matches!(character, '\u{fe00}'..='\u{fe0f}' | '\u{fff0}'..='\u{fffd}'
            | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}
