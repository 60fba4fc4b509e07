//! Tables as kubectl prints them: upper-case headings, columns set apart by blanks, no lines.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use tabled::builder::Builder;
use tabled::settings::object::{Cell as Position, Columns};
use tabled::settings::style::Style as Lines;
use tabled::settings::{Color, Modify, Padding};
use unicode_width::UnicodeWidthStr;

use super::plain;
use super::wrap::{shrink, wrap};

/// How many blanks set columns apart.
const GUTTER: usize = 3;

/// A table: headings and rows, printed to fit the terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One cell: harmless text, perhaps coloured. A colour never says what the text does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Table {
    /// Starts a table with its headings, in upper case.
    pub(crate) fn new(headings: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let headings = headings.into_iter().map(|heading| plain(heading.as_ref()).into_owned());
        Self { headings: headings.collect(), rows: Vec::new() }
    }

    /// Adds a row, of as many cells as there are headings.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Returns whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table, its cells wrapped to stay within `columns`, if any limit there is.
    pub(crate) fn write(&self, out: &mut impl Write, columns: Option<usize>) -> io::Result<()> {
        match columns {
            Some(columns) => self.write_wrapped(out, columns),
            None => self.write_lines(out),
        }
    }

    /// Writes each row on a line: there may be thousands, which no layout is worth.
    fn write_lines(&self, out: &mut impl Write) -> io::Result<()> {
        let widths = self.widths();
        let headings: Vec<Cell> = self.headings.iter().map(Cell::new).collect();
        let mut line = String::new();
        for row in [&headings].into_iter().chain(&self.rows) {
            let mut missing = 0;
            for (cell, width) in row.iter().zip(&widths) {
                if !cell.text.is_empty() {
                    line.extend(std::iter::repeat_n(' ', std::mem::take(&mut missing)));
                    cell.push_to(&mut line);
                }
                missing += width.saturating_sub(cell.width()) + GUTTER;
            }
            writeln!(out, "{}", line.trim_end())?;
            line.clear();
        }
        Ok(())
    }

    fn write_wrapped(&self, out: &mut impl Write, columns: usize) -> io::Result<()> {
        let widths = self.widths_within(columns);
        let fit = |cell: &Cell, column: usize| {
            let width = widths.get(column).copied().unwrap_or(usize::MAX);
            wrap(&cell.text, width).join("\n")
        };
        let mut builder = Builder::with_capacity(self.rows.len() + 1, self.headings.len());
        builder.push_record(&self.headings);
        for row in &self.rows {
            builder.push_record(row.iter().zip(0..).map(|(cell, column)| fit(cell, column)));
        }
        let mut table = builder.build();
        table.with(Lines::empty()).with(Padding::new(0, GUTTER, 0, 0));
        table.with(Modify::new(Columns::last()).with(Padding::zero()));
        for (row, cells) in (1..).zip(&self.rows) {
            for (column, cell) in cells.iter().enumerate() {
                if cell.style != Style::new() {
                    let color = Color::new(
                        cell.style.render().to_string(),
                        cell.style.render_reset().to_string(),
                    );
                    table.with(Modify::new(Position::new(row, column)).with(color));
                }
            }
        }
        for line in table.to_string().lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// Returns how wide each column is.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.headings.iter().map(|heading| heading.width()).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = cell.width().max(*width);
            }
        }
        widths
    }

    fn widths_within(&self, columns: usize) -> Vec<usize> {
        let mut widths = self.widths();
        let gutters = GUTTER * self.headings.len().saturating_sub(1);
        shrink(&mut widths, columns.saturating_sub(gutters));
        widths
    }
}

impl Cell {
    /// Builds a cell from text, whoever wrote it.
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self { text: plain(text.as_ref()).into_owned(), style: Style::new() }
    }

    /// Builds a cell that says yes.
    pub(crate) fn yes(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Green.on_default())
    }

    /// Builds a cell that says no.
    pub(crate) fn no(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Red.on_default())
    }

    /// Builds a cell that says unknown.
    pub(crate) fn unknown(text: impl AsRef<str>) -> Self {
        Self::new(text).with_style(AnsiColor::Yellow.on_default())
    }

    /// Returns how many columns the text takes.
    fn width(&self) -> usize {
        // What is harmful was written out, so that all ASCII is one column wide.
        if self.text.is_ascii() { self.text.len() } else { self.text.width() }
    }

    /// Adds the text in its colour to a line.
    fn push_to(&self, line: &mut String) {
        if self.style == Style::new() {
            return line.push_str(&self.text);
        }
        line.push_str(&self.style.render().to_string());
        line.push_str(&self.text);
        line.push_str(&self.style.render_reset().to_string());
    }

    /// Colours the cell.
    #[must_use]
    pub(crate) fn with_style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(columns: Option<usize>) -> String {
        let mut table = Table::new(["SUBJECT", "ANSWER", "BECAUSE"]);
        table.row(["sa/shop:web".into(), Cell::yes("yes"), "RoleBinding shop/web".into()]);
        table.row(["user/a\u{1b}[2J".into(), Cell::no("no"), Cell::default()]);
        let mut out = Vec::new();
        table.write(&mut out, columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_pipe_gets_whole_lines() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&render(None)), @r#"
        SUBJECT           ANSWER   BECAUSE
        sa/shop:web       yes      RoleBinding shop/web
        user/a\u{1b}[2J   no
        "#);
    }

    #[test]
    fn a_terminal_gets_wrapped_cells() {
        insta::assert_snapshot!(anstream::adapter::strip_str(&render(Some(40))), @r#"
        SUBJECT       ANSWER   BECAUSE
        sa/shop:web   yes      RoleBinding
                               shop/web
        user/         no
        a\u{1b}[2J
        "#);
    }

    #[test]
    fn colours_wrap_the_words_alone() {
        insta::assert_snapshot!(render(None).escape_debug(), @r#"SUBJECT           ANSWER   BECAUSE\nsa/shop:web       \u{1b}[32myes\u{1b}[0m      RoleBinding shop/web\nuser/a\\u{1b}[2J   \u{1b}[31mno\u{1b}[0m\n"#);
    }
}
