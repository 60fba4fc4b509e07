//! Removes decorations at the ends of a message's lines: boxes, quotation marks of emails, and
//! prefixes of log collectors.

/// The line decorations of boxes, emails and comments.
const MARGINS: [&str; 13] = ["│", "┃", "║", "▏", "▎", "╎", "┆", "|", ">", "#", "//", "⎥", "\\ "];

/// Returns a line without its margin, and without the prefix that it shares with another line of
/// the same message.
pub(super) fn stripped<'t>(line: &'t [u8], own: &[u8]) -> &'t [u8] {
    without_prefix(without_end(line), own)
}

/// Returns a line without the margin and prefix at its start.
pub(super) fn without_prefix<'t>(line: &'t [u8], own: &[u8]) -> &'t [u8] {
    without_start(line.get(shared_prefix(line, own)..).unwrap_or_default())
}

/// Returns lines without their margins and prefixes, but with their leading spaces, which separate
/// words if lines are broken at a fixed width.
pub(super) fn unindented<'t>(lines: &[&'t [u8]], own: &[u8]) -> Vec<&'t [u8]> {
    let lines: Vec<&[u8]> = lines
        .iter()
        .map(|line| {
            let line = without_end(line);
            let mut line = line.get(shared_prefix(line, own)..).unwrap_or_default();
            while let Some(rest) = MARGINS
                .iter()
                .find_map(|margin| line.trim_ascii_start().strip_prefix(margin.as_bytes()))
            {
                line = rest.strip_prefix(b" ").unwrap_or(rest);
            }
            line
        })
        .collect();
    let blanks = |line: &&[u8]| line.len() - line.trim_ascii_start().len();
    let indent = lines.iter().map(blanks).min().unwrap_or_default();
    lines.into_iter().filter_map(|line| line.get(indent..)).collect()
}

/// Returns whether a line contains only a margin.
pub(super) fn is_blank(line: &[u8]) -> bool {
    let frame = |character: char| "╷╵╭╰╮╯─━│┃|`~ \t".contains(character);
    std::str::from_utf8(line).is_ok_and(|line| line.chars().all(frame))
}

/// Returns a line without trailing spaces and the right side of a box.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii_end();
    for side in ["│", "┃", "║"] {
        if let Some(rest) = line.strip_suffix(side.as_bytes()) {
            line = rest.trim_ascii_end();
        }
    }
    // YAML and shells can end a broken line with a backslash.
    match line.strip_suffix(b"\\") {
        Some(rest) if !rest.ends_with(b"\\") => rest,
        _ => line,
    }
}

/// Returns a line without leading spaces and margins.
pub(super) fn without_start(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii_start();
    while let Some(rest) = MARGINS.iter().find_map(|margin| line.strip_prefix(margin.as_bytes())) {
        line = rest.trim_ascii_start();
    }
    line
}

/// Returns the length of the common prefix of two log lines, up to the last space and ignoring
/// differences in numbers: the prefix of a log collector.
fn shared_prefix(line: &[u8], own: &[u8]) -> usize {
    let (mut here, mut there) = (0, 0);
    let (mut end, mut is_mark) = (0, false);
    let digits = |text: &[u8], from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    loop {
        let (left, right) = (digits(line, here), digits(own, there));
        if left > 0 && right > 0 {
            here += left;
            there += right;
            is_mark = true;
            continue;
        }
        match (line.get(here), own.get(there)) {
            (Some(left), Some(right)) if left == right => {
                here += 1;
                there += 1;
                is_mark |= *left == b'[';
                let word = line.get(end..here).unwrap_or_default().trim_ascii();
                if left.is_ascii_whitespace() && is_mark && ends_a_prefix(word) {
                    end = here;
                }
            }
            _ => return end,
        }
    }
}

/// Returns whether a word can end a prefix: one with a bracket, colon or bar, a time, or the `F` of
/// container runtimes.
fn ends_a_prefix(word: &[u8]) -> bool {
    let last_word = word.rsplit(u8::is_ascii_whitespace).next().unwrap_or_default();
    let ends = last_word.last().is_some_and(|last| b"]|:)Z".contains(last));
    ends || last_word.len() == 1
        || last_word.iter().filter(|byte| byte.is_ascii_digit()).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn margins_and_shared_prefixes_are_removed() {
        let rows = [
            ("  in API group", "x", "in API group"),
            ("│ in API group", "│ x", "in API group"),
            ("> > in API", "> x", "in API"),
            ("2026-01-01T00:00:00.5Z in API", "2026-01-01T00:00:00.123Z pods", "in API"),
            ("[pod/web/app] in API", "[pod/web/app] in the", "in API"),
            ("in API", "in the", "in API"),
        ];
        for (line, own, expected) in rows {
            let stripped = stripped(line.as_bytes(), own.as_bytes());
            assert_eq!(String::from_utf8_lossy(stripped), expected, "{line}");
        }
    }
}
