//! Lines that fit.

use super::plain::starts_command;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Names are never made narrower than this: narrower ones cannot be read.
const NARROWEST: usize = 8;

/// Cuts a text into lines of at most `width` columns: at a blank, else behind a `.`, `/`, `:`, `-` or
/// `,`, else anywhere.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.width() > width {
        let mut used = 0;
        let too_far = rest.char_indices().find(|(_, c)| {
            used += c.width().unwrap_or_default();
            used > width
        });
        let limit = too_far.map_or(rest.len(), |(at, _)| at).max(1);
        let head = rest.get(..limit).unwrap_or(rest);
        let (line, after) =
            match head.rfind(' ').filter(|at| !head.get(..*at).is_none_or(str::is_empty)) {
                _ if rest.get(limit..).is_some_and(|after| after.starts_with(' ')) => {
                    rest.split_at(limit)
                }
                Some(at) => rest.split_at(at),
                None => {
                    let at = head.rfind(|c| "./:-,".contains(c)).map_or(head.len(), |at| at + 1);
                    rest.split_at(at)
                }
            };
        // No line starts with `::`, which is a command to some runners of pipelines.
        let colons = match starts_command(after) {
            true => after.len() - after.trim_start().trim_start_matches(':').len(),
            false => 0,
        };
        let line = rest.get(..line.len() + colons).unwrap_or(line);
        lines.push(line.trim_end());
        rest = after.get(colons..).unwrap_or_default().trim_start();
    }
    lines.push(rest);
    lines
}

/// Makes the widest columns narrower until they fit in `total`, or none gives any more.
pub(crate) fn shrink(widths: &mut [usize], total: usize) {
    while widths.iter().sum::<usize>() > total {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_where_reading_pauses() {
        for (text, width, expected) in [
            ("pods", 10, vec!["pods"]),
            ("get list watch", 9, vec!["get list", "watch"]),
            ("get list watch", 8, vec!["get list", "watch"]),
            ("deployments.apps", 12, vec!["deployments.", "apps"]),
            ("abcdefghij", 4, vec!["abcd", "efgh", "ij"]),
            ("東京都", 4, vec!["東京", "都"]),
            ("", 4, vec![""]),
            ("a name ::error::x y", 7, vec!["a name ::", "error::", "x y"]),
            ("aaa::::error", 3, vec!["aaa::::", "err", "or"]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text} in {width}");
        }
    }

    #[test]
    fn the_widest_gives_first() {
        let mut widths = [30, 14, 5];
        shrink(&mut widths, 40);
        assert_eq!(widths, [21, 14, 5]);
        shrink(&mut widths, 10);
        assert_eq!(widths, [8, 8, 5]);
    }
}
