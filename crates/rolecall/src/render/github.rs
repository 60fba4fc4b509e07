//! Escapes of GitHub's workflow commands, `::warning file=..,title=..::message`.

use rolecall_yaml::is_harmful;

/// Escapes the message of a workflow command: newlines are preserved, and other control characters are
/// written as escapes.
pub(crate) fn data(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let mut previous = None;
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            '#' if previous == Some('#') => escaped.extend(c.escape_unicode()),
            c if is_harmful(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
        previous = Some(c);
    }
    escaped
}

/// Escapes a property of a workflow command.
pub(crate) fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_neither_a_command_nor_an_escape_sequence() {
        assert_eq!(data("50%\r\n::x"), "50%25%0D%0A::x");
        assert_eq!(data("a\u{202e}\u{1b}[m\u{2028}"), "a\\u{202e}\\u{1b}[m\\u{2028}");
        assert_eq!(data("##[x]"), "#\\u{23}[x]");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
    }
}
