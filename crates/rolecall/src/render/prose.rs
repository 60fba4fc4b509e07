//! Documentation on a terminal.

use super::wrap::wrap;

/// Fills the paragraphs of a Markdown text to that many columns; code and headings stay as they are.
pub(crate) fn filled(markdown: &str, columns: usize) -> String {
    let mut filled = String::with_capacity(markdown.len());
    let mut paragraph = String::new();
    let mut is_code = false;
    for line in markdown.lines() {
        let is_fence = line.trim_start().starts_with("```");
        let stands_alone = is_code || is_fence || line.is_empty() || line.starts_with(['#', '|']);
        if stands_alone || line.starts_with("- ") {
            flush(&mut filled, &mut paragraph, columns);
        }
        is_code ^= is_fence;
        if stands_alone {
            filled.push_str(line);
            filled.push('\n');
        } else {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line.trim());
        }
    }
    flush(&mut filled, &mut paragraph, columns);
    filled
}

fn flush(filled: &mut String, paragraph: &mut String, columns: usize) {
    if paragraph.is_empty() {
        return;
    }
    let indent = if paragraph.starts_with("- ") { "  " } else { "" };
    let lines = wrap(paragraph, columns.saturating_sub(indent.len()).max(1));
    for (position, line) in lines.iter().enumerate() {
        if position > 0 {
            filled.push_str(indent);
        }
        filled.push_str(line);
        filled.push('\n');
    }
    paragraph.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_are_filled_and_code_stays() {
        let text = "# A heading that is long\n\nOne two\nthree four five.\n\n- an item that\n  goes on\n- b\n\n\
                    ```yaml\nkind: of code that is long\n```\nEnd.\n";
        let expected = "# A heading that is long\n\nOne two three\nfour five.\n\n- an item\n  that goes\n  on\n- b\n\n\
                        ```yaml\nkind: of code that is long\n```\nEnd.\n";
        assert_eq!(filled(text, 13), expected);
        assert_eq!(filled("", 80), "");
    }
}
