//! Markdown tables, for comments on merge requests.

use std::io::{self, Write};

use super::{UNREAD, plain};

/// Writes the headings of a table, and the separator.
pub(crate) fn head<'t>(
    out: &mut impl Write,
    headings: impl IntoIterator<Item = &'t str>,
) -> io::Result<()> {
    let headings: Vec<&str> = headings.into_iter().collect();
    row(out, headings.iter().copied())?;
    writeln!(out, "|{}", "---|".repeat(headings.len()))
}

/// Writes a row of cells.
pub(crate) fn row<'t>(
    out: &mut impl Write,
    cells: impl IntoIterator<Item = &'t str>,
) -> io::Result<()> {
    out.write_all(b"|")?;
    for text in cells {
        write!(out, " {} |", cell(text))?;
    }
    writeln!(out)
}

/// Writes the gaps, each on a line below a table.
pub(crate) fn unread(
    out: &mut impl Write,
    unread: impl IntoIterator<Item = String>,
) -> io::Result<()> {
    unread.into_iter().try_for_each(|text| writeln!(out, "\n{UNREAD}{}", cell(&text)))
}

/// Escapes the text of a cell: no HTML, links, emphasis or newlines.
pub(crate) fn cell(text: &str) -> String {
    let text = plain(text);
    let mut escaped = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        let (before, from_here) = (text.get(..at).unwrap_or_default(), text.get(at..));
        // Bare URLs become links, too.
        let is_address = match c {
            ':' => from_here.is_some_and(|rest| rest.starts_with("://")),
            '.' => before.ends_with("www") || before.ends_with("WWW"),
            _ => false,
        };
        if is_address || "\\`[]<>&|*_~$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_contains_only_plain_text() {
        for (text, expected) in [
            ("sa/shop:web", "sa/shop:web"),
            ("<img src=x>", "\\<img src=x\\>"),
            ("[a](https://b) www.c", "\\[a\\](https\\://b) www\\.c"),
            ("a|b\\c*d_e`f&g~h", "a\\|b\\\\c\\*d\\_e\\`f\\&g\\~h"),
            ("a\n\u{202e}b", "a\\\\n\\\\u{202e}b"),
        ] {
            assert_eq!(cell(text), expected);
        }
    }
}
