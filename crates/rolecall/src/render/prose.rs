//! Markdown documents on a terminal.

use anstyle::{AnsiColor, Style};

use super::wrap::wrap;

const HEADING: Style = AnsiColor::Cyan.on_default().bold();

/// The indentation of code.
const CODE: &str = "    ";

/// Formats Markdown for a number of columns: headings in color, paragraphs wrapped, code indented.
pub(crate) fn document(markdown: &str, columns: usize) -> String {
    let mut laid_out = String::with_capacity(markdown.len());
    let mut paragraph = String::new();
    let mut is_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            flush(&mut laid_out, &mut paragraph, columns);
            is_code = !is_code;
            continue;
        }
        let heading = line.strip_prefix('#').map(|rest| rest.trim_start_matches('#').trim());
        match heading {
            Some(heading) if !is_code => {
                flush(&mut laid_out, &mut paragraph, columns);
                laid_out.push_str(&format!("{HEADING}{heading}{HEADING:#}\n"));
            }
            _ if is_code && line.is_empty() => laid_out.push('\n'),
            _ if is_code => laid_out.push_str(&format!("{CODE}{line}\n")),
            _ if line.is_empty() || line.starts_with('|') => {
                flush(&mut laid_out, &mut paragraph, columns);
                laid_out.push_str(&format!("{line}\n"));
            }
            _ => {
                if line.starts_with("- ") {
                    flush(&mut laid_out, &mut paragraph, columns);
                }
                if !paragraph.is_empty() {
                    paragraph.push(' ');
                }
                paragraph.push_str(line.trim());
            }
        }
    }
    flush(&mut laid_out, &mut paragraph, columns);
    laid_out
}

fn flush(laid_out: &mut String, paragraph: &mut String, columns: usize) {
    if paragraph.is_empty() {
        return;
    }
    let indent = if paragraph.starts_with("- ") { "  " } else { "" };
    let lines = wrap(paragraph, columns.saturating_sub(indent.len()).max(1));
    for (position, line) in lines.iter().enumerate() {
        if position > 0 {
            laid_out.push_str(indent);
        }
        laid_out.push_str(line);
        laid_out.push('\n');
    }
    paragraph.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_have_colors_paragraphs_wrap_and_code_is_indented() {
        let text = "# A heading that is long\n\nOne two\nthree four five.\n\n- an item that\n  goes on\n- b\n\n\
                    ```yaml\nkind: of code that is long\n\n# a comment\n```\nEnd.\n";
        let expected = "A heading that is long\n\nOne two three\nfour five.\n\n- an item\n  that goes\n  on\n- b\n\n    \
                        kind: of code that is long\n\n    # a comment\nEnd.\n";
        let laid_out = document(text, 13);
        assert!(laid_out.starts_with("\u{1b}["), "{laid_out:?}");
        assert_eq!(anstream::adapter::strip_str(&laid_out).to_string(), expected);
        assert_eq!(document("", 80), "");
    }
}
