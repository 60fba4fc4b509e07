//! Tables in the style of kubectl: upper-case headings, columns separated by spaces, no lines.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rayon::iter::ParallelIterator;
use rayon::slice::ParallelSlice;
use tabled::builder::Builder;
use tabled::settings::object::{Cell as Position, Columns};
use tabled::settings::style::Style as Lines;
use tabled::settings::{Color, Modify, Padding};
use unicode_width::UnicodeWidthStr;

use super::wrap::{longest_word, shrink, wrap};
use super::{markdown, plain};
use crate::csv;

/// The start of a text about a gap.
pub(crate) const UNREAD: &str = "not read: ";

/// The number of spaces between columns.
const GUTTER: usize = 3;

/// The width up to which the lines of a pipe are aligned: a few very long cells must not fill all
/// other lines with spaces.
pub(crate) const WIDEST: usize = 120;

/// The number of rows that a thread creates in a row.
const ROWS_PER_TASK: usize = 256;

/// The number of pieces of rows that are in memory.
const TASKS_PER_STEP: usize = 64;

/// The length of a typical long line.
const TYPICAL: usize = 320;

/// The indentation of values in a paragraph.
const INDENT: usize = 2;

const HEADING: Style = Style::new().bold();

/// The width and the headings of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableLayout {
    /// The width of the terminal; `None` if lines can have any length.
    pub(crate) columns: Option<usize>,
    /// Whether the table has headings.
    pub(crate) headings: Headings,
    /// Whether lines of a pipe have colors.
    pub(crate) styles: Styles,
}

/// Whether lines have colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Styles {
    #[default]
    Colored,
    Plain,
}

/// Whether a table has headings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Headings {
    #[default]
    Shown,
    Hidden,
}

/// A table that is printed to fit the terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    headings: Vec<String>,
    /// The style of the headings.
    heading_style: Style,
    rows: Vec<Vec<Cell>>,
}

/// One cell: escaped text with an optional color, which never carries additional information.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Table {
    /// Creates a table with upper-case headings.
    pub(crate) fn new(headings: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let headings = headings.into_iter().map(|heading| plain(heading.as_ref()).into_owned());
        Self { headings: headings.collect(), heading_style: HEADING, rows: Vec::new() }
    }

    /// Removes the style of the headings, for a stream that does not strip colors.
    #[must_use]
    pub(crate) fn without_colors(mut self) -> Self {
        self.heading_style = Style::new();
        self
    }

    /// Adds a row, with one cell per heading.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table. If lines do not fit, cells are wrapped at spaces; if words do not fit either, each
    /// row becomes a paragraph, so that names are never cut.
    pub(crate) fn write(&self, out: &mut impl Write, layout: TableLayout) -> io::Result<()> {
        let Some(columns) = layout.columns else { return self.write_lines(out, layout) };
        let gutters = GUTTER * self.headings.len().saturating_sub(1);
        let room = columns.saturating_sub(gutters);
        let mut widths = self.widths();
        if widths.iter().sum::<usize>() <= room {
            return self.write_lines(out, layout);
        }
        match shrink(&mut widths, &self.narrowest(), room) {
            true => self.write_wrapped(out, layout.headings, &widths),
            false => self.write_paragraphs(out, columns),
        }
    }

    /// Writes the table as comma-separated values.
    pub(crate) fn write_csv(&self, out: &mut impl Write, headings: Headings) -> io::Result<()> {
        if headings == Headings::Shown {
            let headings: Vec<String> = self.headings.iter().map(|it| it.to_lowercase()).collect();
            csv::write_line(out, headings.iter().map(String::as_str))?;
        }
        for row in &self.rows {
            csv::write_line(out, row.iter().map(|cell| cell.text.trim_start()))?;
        }
        Ok(())
    }

    /// Adds rows that say only, in their last cell, what was not read: formats for programs have no other
    /// place for it.
    pub(crate) fn add_unread(&mut self, unread: impl IntoIterator<Item = String>) {
        let blank = self.headings.len().saturating_sub(1);
        for text in unread {
            let blanks = std::iter::repeat_n(Cell::new(""), blank);
            self.row(blanks.chain([Cell::new(format!("{UNREAD}{text}"))]));
        }
    }

    /// Writes the table in Markdown, with the gaps below it.
    pub(crate) fn write_markdown(
        &self,
        out: &mut impl Write,
        unread: impl IntoIterator<Item = String>,
    ) -> io::Result<()> {
        let headings: Vec<String> = self.headings.iter().map(|it| it.to_lowercase()).collect();
        markdown::head(out, headings.iter().map(String::as_str))?;
        for row in &self.rows {
            markdown::row(out, row.iter().map(|cell| &*cell.text))?;
        }
        markdown::unread(out, unread)
    }

    /// Writes each row on one line, without the layout library, which is slow for thousands of rows.
    fn write_lines(&self, out: &mut impl Write, layout: TableLayout) -> io::Result<()> {
        let mut line = String::new();
        let widths = self.widths();
        for row in self.heading_row(layout.headings).iter().chain(&self.rows) {
            push_line(&mut line, row, &widths, layout.styles);
            out.write_all(line.as_bytes())?;
            line.clear();
        }
        Ok(())
    }

    /// Writes rows on one line each, which are created in parallel and not kept, below the headings
    /// of this table. `widths` are those of the cells, at least as far as they align others. `cells` can
    /// use texts of preceding rows again.
    pub(crate) fn write_rows<R: Sync, C: Default>(
        &self,
        out: &mut impl Write,
        layout: TableLayout,
        widths: &[usize],
        rows: &[R],
        cells: impl Fn(&mut C, &R) -> Vec<Cell> + Sync,
    ) -> io::Result<()> {
        let of_headings = self.widths();
        let widths = of_headings.iter().zip(widths).map(|(one, other)| *one.max(other));
        let widths: Vec<usize> = widths.collect();
        let mut first = String::new();
        if let Some(row) = self.heading_row(layout.headings) {
            push_line(&mut first, &row, &widths, layout.styles);
        }
        out.write_all(first.as_bytes())?;
        for step in rows.chunks(ROWS_PER_TASK * TASKS_PER_STEP) {
            let texts = step.par_chunks(ROWS_PER_TASK).map(|rows| {
                let mut text = String::with_capacity(rows.len() * TYPICAL);
                let mut known = C::default();
                for row in rows {
                    push_line(&mut text, &cells(&mut known, row), &widths, layout.styles);
                }
                text
            });
            for text in texts.collect::<Vec<String>>() {
                out.write_all(text.as_bytes())?;
            }
        }
        Ok(())
    }

    fn write_wrapped(
        &self,
        out: &mut impl Write,
        headings: Headings,
        widths: &[usize],
    ) -> io::Result<()> {
        let heading_row = self.heading_row(headings);
        let rows = || heading_row.iter().chain(&self.rows);
        let mut builder = Builder::with_capacity(self.rows.len() + 1, self.headings.len());
        for row in rows() {
            let cells = row.iter().zip(widths);
            builder.push_record(cells.map(|(cell, width)| wrap(&cell.text, *width).join("\n")));
        }
        let mut table = builder.build();
        table.with(Lines::empty()).with(Padding::new(0, GUTTER, 0, 0));
        table.with(Modify::new(Columns::last()).with(Padding::zero()));
        for (position, cells) in rows().enumerate() {
            for (column, cell) in cells.iter().enumerate() {
                if cell.style != Style::new() {
                    let color = Color::new(
                        cell.style.render().to_string(),
                        cell.style.render_reset().to_string(),
                    );
                    table.with(Modify::new(Position::new(position, column)).with(color));
                }
            }
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Writes each row as a paragraph: the first cell, and below it the others with their headings.
    fn write_paragraphs(&self, out: &mut impl Write, columns: usize) -> io::Result<()> {
        let mut first = true;
        for row in &self.rows {
            if !std::mem::take(&mut first) {
                writeln!(out)?;
            }
            let mut cells = row.iter().zip(&self.headings);
            if let Some((cell, _)) = cells.next() {
                let mut line = String::new();
                push(&mut line, &cell.text, cell.style);
                writeln!(out, "{line}")?;
            }
            for (cell, heading) in cells.filter(|(cell, _)| !cell.text.is_empty()) {
                let label = format!("{}: ", heading.to_lowercase());
                let text = format!("{label}{}", cell.text);
                let room = columns.saturating_sub(2 * INDENT).max(1);
                for (position, part) in wrap(&text, room).iter().enumerate() {
                    let indent = if position == 0 { INDENT } else { 2 * INDENT };
                    let mut line = " ".repeat(indent);
                    match part.strip_prefix(&label) {
                        Some(value) if position == 0 => {
                            line.push_str(&label);
                            push(&mut line, value, cell.style);
                        }
                        _ => line.push_str(part),
                    }
                    writeln!(out, "{}", line.trim_end())?;
                }
            }
        }
        Ok(())
    }

    fn heading_row(&self, headings: Headings) -> Option<Vec<Cell>> {
        let cell = |heading: &String| Cell::new(heading).with_style(self.heading_style);
        (headings == Headings::Shown).then(|| self.headings.iter().map(cell).collect())
    }

    /// Returns the width of each column.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        widths
    }

    /// Returns the minimum width of each column without splitting words.
    fn narrowest(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|it| longest_word(it)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = longest_word(&cell.text).max(*width);
            }
        }
        widths
    }
}

impl Cell {
    /// Builds a cell from text, which can be untrusted.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: plain(text.as_ref()).into_owned(), style: Style::new() }
    }

    /// Builds a cell like [`Cell::new`], without copying text that needs no escapes.
    pub(crate) fn of(text: String) -> Self {
        let escaped = match plain(&text) {
            Cow::Borrowed(_) => None,
            Cow::Owned(escaped) => Some(escaped),
        };
        Self { text: escaped.unwrap_or(text), style: Style::new() }
    }

    /// Builds a cell for "yes".
    pub(crate) fn yes(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Green.on_default())
    }

    /// Builds a cell for "no".
    pub(crate) fn no(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Red.on_default())
    }

    /// Builds a cell for "unknown".
    pub(crate) fn unknown(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Yellow.on_default())
    }

    /// Returns the text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the width of the text.
    pub(crate) fn width(&self) -> usize {
        // Control characters are escaped, so that every ASCII character is one column wide.
        if self.text.is_ascii() { self.text.len() } else { self.text.width() }
    }

    /// Colors the cell.
    #[must_use]
    pub(crate) fn with_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Appends a row as a line.
fn push_line(text: &mut String, row: &[Cell], widths: &[usize], styles: Styles) {
    let start = text.len();
    let mut missing = 0;
    for (cell, width) in row.iter().zip(widths) {
        if !cell.text.is_empty() {
            text.extend(std::iter::repeat_n(' ', std::mem::take(&mut missing)));
            match styles {
                Styles::Colored => push(text, &cell.text, cell.style),
                Styles::Plain => text.push_str(&cell.text),
            }
        }
        missing += (*width).min(WIDEST).saturating_sub(cell.width()) + GUTTER;
    }
    let line = text.get(start..).unwrap_or_default();
    text.truncate(start + line.trim_end().len());
    text.push('\n');
}

/// Appends colored text to a line.
fn push(line: &mut String, text: &str, style: Style) {
    if style == Style::new() {
        return line.push_str(text);
    }
    line.push_str(&style.render().to_string());
    line.push_str(text);
    line.push_str(&style.render_reset().to_string());
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["SUBJECT", "ANSWER", "BECAUSE"]);
        table.row(["sa/shop:web".into(), Cell::yes("yes"), "RoleBinding shop/web".into()]);
        table.row(["user/a\u{1b}[2J".into(), Cell::no("no"), Cell::default()]);
        table
    }

    fn render(columns: Option<usize>) -> String {
        let mut out = Vec::new();
        table().write(&mut out, TableLayout { columns, ..TableLayout::default() }).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn shown(columns: Option<usize>) -> String {
        anstream::adapter::strip_str(&render(columns)).to_string()
    }

    #[test]
    fn a_pipe_gets_whole_lines() {
        insta::assert_snapshot!(shown(None), @r#"
        SUBJECT           ANSWER   BECAUSE
        sa/shop:web       yes      RoleBinding shop/web
        user/a\u{1b}[2J   no
        "#);
    }

    #[test]
    fn a_terminal_gets_cells_wrapped_at_blanks() {
        insta::assert_snapshot!(shown(Some(42)), @r#"
        SUBJECT           ANSWER   BECAUSE
        sa/shop:web       yes      RoleBinding
                                   shop/web
        user/a\u{1b}[2J   no
        "#);
    }

    #[test]
    fn a_narrow_terminal_gets_paragraphs_with_whole_names() {
        insta::assert_snapshot!(shown(Some(24)), @r#"
        sa/shop:web
          answer: yes
          because: RoleBinding
            shop/web

        user/a\u{1b}[2J
          answer: no
        "#);
    }

    #[test]
    fn headings_can_be_left_out() {
        let mut out = Vec::new();
        let layout = TableLayout { headings: Headings::Hidden, ..TableLayout::default() };
        table().write(&mut out, layout).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("sa/shop:web "), "{text}");
    }

    #[test]
    fn colors_wrap_the_words_alone() {
        insta::assert_snapshot!(render(None).escape_debug(), @r#"\u{1b}[1mSUBJECT\u{1b}[0m           \u{1b}[1mANSWER\u{1b}[0m   \u{1b}[1mBECAUSE\u{1b}[0m\nsa/shop:web       \u{1b}[32myes\u{1b}[0m      RoleBinding shop/web\nuser/a\\u{1b}[2J   \u{1b}[31mno\u{1b}[0m\n"#);
    }
}
