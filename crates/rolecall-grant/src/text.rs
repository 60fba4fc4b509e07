//! Makes text safe for terminals and YAML comments.

use std::fmt::Write as _;

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
    !matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffd}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}'
    ) && !character.is_control()
}
