//! Foreign text made harmless.
//!
//! Names, reasons and paths come from clusters and files, whose authors may not be friends: escape
//! sequences could repaint the terminal, line breaks and direction marks could forge lines.

use std::borrow::Cow;

/// Returns text that stays on its line and moves nothing: every control, line-breaking, invisible
/// or direction-changing character is written as `\u{..}`.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    // Nearly all text is printable ASCII, which can be seen without decoding it.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(is_harmful) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(escape(text, |_| false))
    }
}

/// Returns a message in which line breaks stay, each followed by an indent, so that no text can
/// forge a line of its own.
pub(crate) fn message(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let text = text.trim_end().replace("\r\n", "\n");
    Cow::Owned(escape(&text, |c| c == '\n').replace('\n', "\n  "))
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_harmful(c) && !keep(c) {
            escaped.extend(c.escape_default());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Returns whether a character moves something, breaks the line or cannot be seen.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{61C}'
                | '\u{200B}'..='\u{200F}'
                | '\u{2028}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_is_written_out() {
        for (text, expected) in [
            ("web", "web"),
            ("münchen-東京", "münchen-東京"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("x\u{202e}y", "x\\u{202e}y"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn a_message_cannot_forge_a_line() {
        assert_eq!(message("no\nhint: run `x`\n"), "no\n  hint: run `x`");
        assert_eq!(message("no\r\nyes\u{1b}[A"), "no\n  yes\\u{1b}[A");
    }
}
