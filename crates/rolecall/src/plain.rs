//! Escaping of untrusted text.
//!
//! Names, reasons and paths come from clusters and files, and can be malicious: escape sequences could
//! repaint the terminal, newlines and direction marks could forge lines.

use std::borrow::Cow;

use rolecall_yaml::is_harmful;

/// Escapes text so that it stays on its line, does not move the cursor and is not a command.
///
/// Every control, line-breaking, invisible or direction-changing character is written as `\u{..}`. So
/// is what CI runners take commands from: `::` at the start of a line (GitHub, Gitea) and `##` anywhere
/// in it (`##[..]` of GitHub, `##vso[..]` of Azure Pipelines, `##teamcity[..]`). The sections of GitLab
/// need control characters.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    // Nearly all text is printable ASCII, which is cheap to detect.
    let is_simple = text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'#');
    if is_simple && !starts_command(text) {
        return Cow::Borrowed(text);
    }
    if !starts_command(text) && !text.contains("##") && !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(escape(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    let blanks = text.len() - text.trim_start().len();
    let mut previous = None;
    for (at, c) in text.char_indices() {
        let is_command =
            (c == '#' && previous == Some('#')) || (at == blanks && starts_command(text));
        match is_harmful(c) || is_command {
            true if is_harmful(c) => escaped.extend(c.escape_default()),
            true => escaped.extend(c.escape_unicode()),
            false => escaped.push(c),
        }
        previous = Some(c);
    }
    escaped
}

/// Returns whether a line is a workflow command for a GitHub runner.
pub(crate) fn starts_command(line: &str) -> bool {
    line.trim_start().starts_with("::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        for (text, expected) in [
            ("web", "web"),
            ("münchen-東京", "münchen-東京"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("a\nb\tc\r", "a\\nb\\tc\\r"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("x\u{202e}y", "x\\u{202e}y"),
            ("x\u{3164}\u{ffff}", "x\\u{3164}\\u{ffff}"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }

    #[test]
    fn commands_of_ci_runners_are_escaped() {
        for (text, expected) in [
            ("::stop-commands::x", "\\u{3a}:stop-commands::x"),
            ("  ::error::x", "  \\u{3a}:error::x"),
            ("a ::error::x", "a ::error::x"),
            ("##[group]x", "#\\u{23}[group]x"),
            ("a ##vso[task.complete]###", "a #\\u{23}vso[task.complete]#\\u{23}\\u{23}"),
            ("IAM#ann", "IAM#ann"),
            ("a\n::error::x", "a\\n::error::x"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
