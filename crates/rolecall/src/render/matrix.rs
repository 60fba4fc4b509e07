//! A matrix laid out: rows of words for people, or one cell after the other.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{Decision, Request, Text};
use unicode_width::UnicodeWidthStr;

use super::plain;
use crate::error::CommandError;
use crate::output::{MatrixFormat, matrix as cells};
use crate::subject::{Subject, label};

/// How many blanks set columns apart.
const GUTTER: usize = 2;

/// Columns of names are never made narrower than this.
const NARROWEST: usize = 12;

/// One cell's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Allowed.
    Yes,
    /// Not allowed.
    No,
    /// Something that was not read decides it.
    Unknown,
}

/// Where everything goes. All widths are known before the first answer, so that rows can be written
/// as they come.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    format: MatrixFormat,
    names: Vec<NameColumn>,
    verbs: Vec<VerbColumn>,
}

/// A column of subjects, namespaces or resources.
#[derive(Clone, Debug)]
struct NameColumn {
    heading: &'static str,
    width: usize,
}

/// A column of words.
#[derive(Clone, Debug)]
struct VerbColumn {
    /// The verb, in two lines when it is long.
    heading: [String; 2],
    width: usize,
}

impl Word {
    fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Yes => AnsiColor::Green.on_default(),
            Self::No => AnsiColor::Red.on_default(),
            Self::Unknown => AnsiColor::Yellow.on_default(),
        }
    }
}

impl Layout {
    /// Works out the widths, within `columns` if any limit there is.
    ///
    /// Subjects and namespaces have a column only where there are several.
    pub(crate) fn new<'a>(
        format: MatrixFormat,
        subjects: &[Subject],
        namespaces: &[Text],
        labels: impl Iterator<Item = &'a str>,
        verbs: &[Text],
        words: &[Word],
        columns: Option<usize>,
    ) -> Self {
        let mut names = Vec::new();
        if subjects.len() > 1 {
            let labels = subjects.iter().map(|subject| label(&subject.identity));
            names.push(NameColumn::new("SUBJECT", labels));
        }
        if namespaces.len() > 1 {
            names.push(NameColumn::new("NAMESPACE", namespaces.iter()));
        }
        names.push(NameColumn::new("RESOURCE", labels));
        let widest = words.iter().map(|word| word.as_str().len()).max().unwrap_or_default();
        let verbs = verbs.iter().map(|verb| VerbColumn::new(verb, widest)).collect();
        let mut layout = Self { format, names, verbs };
        if let Some(columns) = columns {
            layout.shrink_to(columns);
        }
        layout
    }

    /// Returns whether rows of words are wanted, rather than one cell after the other.
    pub(crate) fn is_grid(&self) -> bool {
        matches!(self.format, MatrixFormat::Table | MatrixFormat::Markdown)
    }

    /// Writes what comes before the first answer.
    pub(crate) fn start(
        &self,
        out: &mut impl Write,
        subjects: &[Subject],
    ) -> Result<(), CommandError> {
        match self.format {
            MatrixFormat::Table => self.write_headings(out)?,
            MatrixFormat::Markdown => self.write_markdown_headings(out)?,
            format => cells::start(out, format, subjects)?,
        }
        Ok(())
    }

    /// Writes what some pieces of the matrix were encoded to.
    pub(crate) fn join(
        &self,
        out: &mut impl Write,
        bytes: &[u8],
        is_first: bool,
    ) -> io::Result<()> {
        out.write_all(cells::joined(self.format, bytes, is_first))
    }

    /// Writes what comes after the last answer.
    pub(crate) fn finish(&self, out: &mut impl Write) -> io::Result<()> {
        cells::finish(out, self.format)
    }

    /// Writes one cell by itself; nothing in a format of rows.
    pub(crate) fn cell(
        &self,
        out: &mut Vec<u8>,
        subject: &Subject,
        request: &Request,
        decision: &Decision<'_>,
    ) -> Result<(), CommandError> {
        cells::cell(out, self.format, &subject.identity, request, decision)
    }

    /// Writes one row of words.
    pub(crate) fn line(
        &self,
        out: &mut Vec<u8>,
        subject: &Subject,
        namespace: Option<&Text>,
        resource: &str,
        words: &[Word],
    ) -> io::Result<()> {
        let names = self.names.iter().map(|column| match column.heading {
            "SUBJECT" => label(&subject.identity),
            "NAMESPACE" => namespace_word(namespace).to_owned(),
            _ => resource.to_owned(),
        });
        let names: Vec<String> = names.map(|name| plain(&name).into_owned()).collect();
        if self.format == MatrixFormat::Markdown {
            let names = names.iter().map(|name| name.replace('|', "\\|"));
            let words = words.iter().map(|word| word.as_str().to_owned());
            let cells: Vec<String> = names.chain(words).collect();
            return writeln!(out, "| {} |", cells.join(" | "));
        }
        self.write_line(out, &names, words)
    }

    fn write_line(&self, out: &mut impl Write, names: &[String], words: &[Word]) -> io::Result<()> {
        let mut parts: Vec<Vec<&str>> =
            names.iter().zip(&self.names).map(|(name, column)| wrap(name, column.width)).collect();
        let height = parts.iter().map(Vec::len).max().unwrap_or_default();
        for line in 0..height {
            let mut pending = 0;
            for (part, column) in parts.iter_mut().zip(&self.names) {
                let text = part.get(line).copied().unwrap_or_default();
                write!(out, "{:pending$}{text}", "")?;
                pending = column.width + GUTTER - text.width().min(column.width);
            }
            if line == 0 {
                for (word, column) in words.iter().zip(&self.verbs) {
                    let style = word.style();
                    let text = word.as_str();
                    write!(out, "{:pending$}{style}{text}{style:#}", "")?;
                    pending = column.width + GUTTER - text.len();
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }

    fn write_headings(&self, out: &mut impl Write) -> io::Result<()> {
        let two_lines = self.verbs.iter().any(|column| !column.heading[1].is_empty());
        for line in 0..=usize::from(two_lines) {
            let names = self.names.iter().map(|column| match line {
                0 => (column.heading, column.width),
                _ => ("", column.width),
            });
            let verbs = self
                .verbs
                .iter()
                .map(|column| (column.heading.get(line).map_or("", String::as_str), column.width));
            let mut text = String::new();
            for (heading, width) in names.chain(verbs) {
                text.push_str(heading);
                let blanks = width + GUTTER - heading.width().min(width);
                text.extend(std::iter::repeat_n(' ', blanks));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    fn write_markdown_headings(&self, out: &mut impl Write) -> io::Result<()> {
        let names = self.names.iter().map(|column| column.heading.to_lowercase());
        let verbs = self.verbs.iter().map(|column| column.heading.concat().to_lowercase());
        let headings: Vec<String> = names.chain(verbs).map(|h| h.replace('|', "\\|")).collect();
        writeln!(out, "| {} |", headings.join(" | "))?;
        writeln!(out, "|{}", "---|".repeat(headings.len()))
    }

    /// Makes the widest columns of names narrower until everything fits, or nothing gives any more.
    fn shrink_to(&mut self, columns: usize) {
        loop {
            let names = self.names.iter().map(|column| column.width + GUTTER);
            let verbs = self.verbs.iter().map(|column| column.width + GUTTER);
            let total = names.chain(verbs).sum::<usize>().saturating_sub(GUTTER);
            let Some(widest) = self.names.iter_mut().max_by_key(|column| column.width) else {
                return;
            };
            if total <= columns || widest.width <= NARROWEST {
                return;
            }
            widest.width -= 1;
        }
    }
}

impl NameColumn {
    fn new(heading: &'static str, names: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let widths = names.map(|name| plain(name.as_ref()).width());
        Self { heading, width: widths.max().unwrap_or_default().max(heading.len()) }
    }
}

impl VerbColumn {
    fn new(verb: &str, widest_word: usize) -> Self {
        let heading = plain(verb).to_uppercase();
        let heading = match heading.strip_prefix("DELETE") {
            Some(rest) if !rest.is_empty() => ["DELETE".to_owned(), rest.to_owned()],
            _ => [heading, String::new()],
        };
        let width = heading.iter().map(|line| line.width()).max().unwrap_or_default();
        Self { heading, width: width.max(widest_word) }
    }
}

/// Names a namespace in a table: `*` for all at once, `-` for none.
pub(crate) fn namespace_word(namespace: Option<&Text>) -> &str {
    match namespace {
        None => "-",
        Some(namespace) if namespace.is_empty() => "*",
        Some(namespace) => namespace,
    }
}

/// Cuts a text into lines, after a dot, slash, colon or dash where there is one.
fn wrap(text: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while rest.width() > width {
        let mut used = 0;
        let fitting = rest.char_indices().find(|(_, c)| {
            used += unicode_width::UnicodeWidthChar::width(*c).unwrap_or_default();
            used > width
        });
        let limit = fitting.map_or(rest.len(), |(at, _)| at);
        let (head, _) = rest.split_at(limit);
        let at = head.rfind(|c| "./:-".contains(c)).map_or(limit, |at| at + 1);
        let (line, after) = rest.split_at(at.max(1));
        lines.push(line);
        rest = after;
    }
    lines.push(rest);
    lines
}
