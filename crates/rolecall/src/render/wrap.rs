//! Line wrapping.

use crate::plain::starts_command;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Splits a text into lines of at most `width` columns. It splits only at spaces: longer names stay whole,
/// so that they can be copied and searched.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((line, after)) = first_line(rest, width) {
        lines.push(line.trim_end());
        rest = after;
    }
    lines.push(rest);
    lines
}

/// Splits off the first line; `None` if everything fits on one line, or there is no space to split at.
fn first_line(text: &str, width: usize) -> Option<(&str, &str)> {
    if text.width() <= width {
        return None;
    }
    let indent = text.len() - text.trim_start().len();
    let mut used = 0;
    let mut cut = None;
    for (at, c) in text.char_indices() {
        let is_blank = c == ' ' && at > indent;
        // No line starts with `::`, which is a command for some CI runners.
        if is_blank && !starts_command(text.get(at..).unwrap_or_default()) {
            cut = Some(at);
        }
        used += c.width().unwrap_or_default();
        if used > width && cut.is_some() {
            break;
        }
    }
    let (line, after) = text.split_at_checked(cut?)?;
    let after = after.trim_start();
    (!after.is_empty()).then_some((line, after))
}

/// Returns the width of the longest word.
pub(crate) fn longest_word(text: &str) -> usize {
    if text.is_ascii() {
        return text.split(' ').map(str::len).max().unwrap_or_default();
    }
    text.split(' ').map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// Shrinks the widest columns until all fit into `total`, but none below its width in `least`. Returns
/// whether they fit.
pub(crate) fn shrink(widths: &mut [usize], least: &[usize], total: usize) -> bool {
    if least.iter().sum::<usize>() > total {
        return false;
    }
    while widths.iter().sum::<usize>() > total {
        let shrinkable = widths.iter_mut().zip(least).filter(|(width, least)| **width > **least);
        match shrinkable.map(|(width, _)| width).max() {
            Some(widest) => *widest -= 1,
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_spaces_and_names_stay_whole() {
        for (text, width, expected) in [
            ("pods", 10, vec!["pods"]),
            ("get list watch", 9, vec!["get list", "watch"]),
            ("get list watch", 8, vec!["get list", "watch"]),
            ("get deployments.apps all", 8, vec!["get", "deployments.apps", "all"]),
            ("  abcdefghij k", 4, vec!["  abcdefghij", "k"]),
            ("東京 都", 4, vec!["東京", "都"]),
            ("", 4, vec![""]),
            ("a name ::error::x y", 7, vec!["a", "name ::error::x", "y"]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text} in {width}");
        }
    }

    #[test]
    fn the_widest_column_shrinks_first_and_words_stay_whole() {
        let mut widths = [30, 14, 5];
        assert!(shrink(&mut widths, &[8, 8, 5], 40));
        assert_eq!(widths, [21, 14, 5]);
        assert!(!shrink(&mut widths, &[8, 8, 5], 10));
        assert_eq!(widths, [21, 14, 5]);
    }
}
