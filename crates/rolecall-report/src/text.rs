//! Text from clusters and files, which can be malicious.

use std::fmt::Write;

use rolecall_yaml::is_harmful;

/// Returns text that shows every control, invisible and direction-changing character as `\u{..}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_harmful(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Returns text for HTML, between tags or within a quoted attribute.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns a message for HTML: its parts in backticks are code.
pub(crate) fn html_message(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return html(message);
    }
    let shown = parts.iter().enumerate().map(|(position, part)| match position % 2 {
        0 => html(part),
        _ => format!("<code><bdi>{}</bdi></code>", html(part)),
    });
    shown.collect()
}

/// Returns text for a cell of a Markdown table, without markup.
pub(crate) fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            // A mention or a reference to an issue would notify people.
            '@' => escaped.push_str("&#64;"),
            '#' => escaped.push_str("&#35;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '!' | '$' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// Returns a message for a cell of a Markdown table: its parts in backticks are code.
pub(crate) fn markdown_message(message: &str) -> String {
    let parts: Vec<&str> = message.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return markdown(message);
    }
    let shown = parts.iter().enumerate().map(|(position, part)| match position % 2 {
        0 => markdown(part),
        _ if part.trim().is_empty() => markdown(&format!("`{part}`")),
        _ => format!("`{}`", visible(part).replace('|', "\\|")),
    });
    shown.collect()
}

/// Returns a segment of a route: everything that a URL fragment cannot contain is percent-encoded,
/// as `encodeURIComponent` does.
pub(crate) fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => {
                encoded.push(char::from(byte));
            }
            _ => {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the characters of the class `HIDDEN` in the page's script.
    fn hidden_by_the_page() -> Vec<(char, char)> {
        let script = include_str!("../page/js/dom.js");
        let class =
            script.split_once("const HIDDEN = /[").unwrap().1.split_once("]/gu;").unwrap().0;
        let code = |text: &str| char::from_u32(u32::from_str_radix(text, 16).unwrap()).unwrap();
        let mut ranges: Vec<(char, char)> = Vec::new();
        for part in class.split("\\u{").skip(1) {
            let (digits, rest) = part.split_once('}').unwrap();
            match ranges.last_mut() {
                Some((_, last)) if *last == char::MAX => *last = code(digits),
                _ => ranges.push((code(digits), code(digits))),
            }
            if rest == "-" {
                ranges.last_mut().unwrap().1 = char::MAX;
            }
        }
        ranges
    }

    #[test]
    fn the_page_shows_the_same_characters_as_the_command() {
        let ranges = hidden_by_the_page();
        for c in '\0'..=char::MAX {
            let is_hidden = ranges.iter().any(|(first, last)| (*first..=*last).contains(&c));
            assert_eq!(is_hidden, is_harmful(c), "{c:?}");
        }
    }

    #[test]
    fn markup_and_invisible_characters_become_visible_text() {
        let name = "<b a=\"1\" b='2'>&\u{202e}|@x#1`";
        assert_eq!(html(name), "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;\\u{202e}|@x#1`");
        assert_eq!(markdown(name), "&lt;b a=\"1\" b='2'&gt;&amp;\\\\u{202e}\\|&#64;x&#35;1\\`");
        assert_eq!(
            markdown_message("`a|b` is *not* `<c>`, `` or @d"),
            "`a\\|b` is \\*not\\* `<c>`, \\`\\` or &#64;d"
        );
        assert_eq!(markdown_message("one `"), "one \\`");
        assert_eq!(html_message("`<a>` & b"), "<code><bdi>&lt;a&gt;</bdi></code> &amp; b");
        assert_eq!(html_message("one `"), "one `");
        assert_eq!(segment("a b/c?é"), "a%20b%2Fc%3F%C3%A9");
    }
}
