//! Matrices as rows of words, or as one line per cell.

use std::borrow::Cow;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use rolecall_rbac::{Text, VerdictKind};
use unicode_width::UnicodeWidthStr;

use super::wrap::wrap;
use super::{Headings, TableLayout, markdown, plain};
use crate::decide::{Decided, word_of};
use crate::format::MatrixFormat;
use crate::resolved::{Subject, label};

/// The layout of a matrix. All widths are known before the first answer, so that rows can be streamed.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    format: MatrixFormat,
    names: Vec<Column>,
    verbs: Vec<Column>,
    /// The number of spaces between columns.
    gutter: usize,
    /// The width of the terminal, if rows do not fit on a line and are written as paragraphs.
    paragraphs: Option<usize>,
    headings: Headings,
}

/// One column.
#[derive(Clone, Debug)]
struct Column {
    /// The heading, in two lines if it is long.
    heading: [String; 2],
    width: usize,
}

/// The names of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The subject.
    pub(crate) subject: &'a Subject,
    /// The namespace: empty for all namespaces, `None` for cluster-scoped resources and paths.
    pub(crate) namespace: Option<&'a Text>,
    /// The resource or path.
    pub(crate) resource: &'a str,
}

/// The texts of the names of a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names<'a> {
    /// The subject.
    pub(crate) subject: Cow<'a, str>,
    /// The namespace.
    pub(crate) namespace: Cow<'a, str>,
    /// The resource or path.
    pub(crate) resource: Cow<'a, str>,
}

impl<'a> Place<'a> {
    /// Returns the texts of the names.
    pub(crate) fn names(self) -> Names<'a> {
        Names {
            subject: label(&self.subject.identity).into(),
            namespace: namespace_word(self.namespace).into(),
            resource: self.resource.into(),
        }
    }
}

/// The dimensions of a matrix.
#[derive(Clone, Debug)]
pub(crate) struct Extent<'a> {
    /// Whether subjects are patterns, so that even a single subject needs a column.
    pub(crate) has_patterns: bool,
    /// All subjects.
    pub(crate) subjects: &'a [Subject],
    /// All namespaces.
    pub(crate) namespaces: &'a [Text],
    /// All resources and paths.
    pub(crate) resources: Vec<&'a str>,
    /// All verbs.
    pub(crate) verbs: &'a [Text],
    /// Whether a cell can be [`VerdictKind::Unknown`].
    pub(crate) may_be_unknown: bool,
}

/// A verdict with the style of groups whose verdicts differ.
const DIFFERENT: VerdictKind = VerdictKind::Unknown;

/// Returns the word for a verdict, or for different ones in a group.
fn text_of(word: Option<VerdictKind>) -> &'static str {
    word.map_or("some", word_of)
}

/// Returns the style of a verdict.
fn style(word: VerdictKind) -> Style {
    match word {
        VerdictKind::Allowed => AnsiColor::Green.on_default(),
        VerdictKind::NoOpinion | VerdictKind::Denied => AnsiColor::Red.on_default(),
        VerdictKind::Unknown => AnsiColor::Yellow.on_default(),
    }
}

impl Extent<'_> {
    fn has_subjects(&self, format: MatrixFormat) -> bool {
        format == MatrixFormat::Wide || self.has_patterns || self.subjects.len() > 1
    }

    fn has_namespaces(&self, format: MatrixFormat) -> bool {
        format == MatrixFormat::Wide || self.namespaces.len() > 1
    }
}

impl Layout {
    /// Computes the widths, limited to `columns` if given.
    ///
    /// Subjects and namespaces only have a column if there can be several, or with one line per cell.
    pub(crate) fn new(format: MatrixFormat, extent: &Extent<'_>, layout: TableLayout) -> Self {
        let mut names = Vec::new();
        if extent.has_subjects(format) {
            let labels = extent.subjects.iter().map(|subject| label(&subject.identity));
            names.push(Column::new("SUBJECT", labels));
        }
        if extent.has_namespaces(format) {
            names.push(Column::new("NAMESPACE", extent.namespaces.iter()));
        }
        names.push(Column::new("RESOURCE", extent.resources.iter()));
        Self::with_names(format, extent, names, layout)
    }

    /// Computes the widths for given rows.
    pub(crate) fn of_rows<'r>(
        format: MatrixFormat,
        extent: &Extent<'_>,
        rows: impl Iterator<Item = &'r Names<'r>> + Clone,
        layout: TableLayout,
    ) -> Self {
        let mut names = Vec::new();
        if extent.has_subjects(format) {
            names.push(Column::new("SUBJECT", rows.clone().map(|names| &names.subject)));
        }
        if extent.has_namespaces(format) {
            names.push(Column::new("NAMESPACE", rows.clone().map(|names| &names.namespace)));
        }
        names.push(Column::new("RESOURCE", rows.map(|names| &names.resource)));
        Self::with_names(format, extent, names, layout)
    }

    fn with_names(
        format: MatrixFormat,
        extent: &Extent<'_>,
        names: Vec<Column>,
        layout: TableLayout,
    ) -> Self {
        let wide = format == MatrixFormat::Wide;
        let widest =
            if extent.may_be_unknown { VerdictKind::Unknown } else { VerdictKind::Allowed };
        let verbs = if wide {
            vec![
                Column::new("VERB", extent.verbs.iter()),
                Column::new("ANSWER", [word_of(widest)].iter()),
                Column::new("BY", [""].iter()),
            ]
        } else {
            extent.verbs.iter().map(|verb| Column::of_verb(verb, widest)).collect()
        };
        let mut fitted =
            Self { format, names, verbs, gutter: 2, paragraphs: None, headings: layout.headings };
        if let Some(columns) = layout.columns {
            fitted.fit(columns);
        }
        fitted
    }

    /// Writes the headings.
    pub(crate) fn start(&self, out: &mut impl Write) -> io::Result<()> {
        let columns = || self.names.iter().chain(&self.verbs);
        if self.format == MatrixFormat::Markdown {
            let headings = columns().map(|column| column.heading.concat().to_lowercase());
            let headings: Vec<String> = headings.collect();
            return markdown::head(out, headings.iter().map(String::as_str));
        }
        if self.headings == Headings::Hidden || self.paragraphs.is_some() {
            return Ok(());
        }
        let [_, second] = [0, 1].map(|line| columns().any(|c| !c.heading_line(line).is_empty()));
        for line in 0..=usize::from(second) {
            let mut text = String::new();
            for column in columns() {
                let heading = column.heading_line(line);
                text.push_str(heading);
                let blanks = (column.width + self.gutter).saturating_sub(heading.width());
                text.extend(std::iter::repeat_n(' ', blanks));
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }

    /// Writes one row of verdicts.
    pub(crate) fn write_row(
        &self,
        out: &mut Vec<u8>,
        place: Place<'_>,
        words: &[VerdictKind],
    ) -> io::Result<()> {
        if self.format == MatrixFormat::Markdown {
            let names = place.names();
            let words = words.iter().map(|word| word_of(*word));
            return markdown::row(out, self.texts_of(&names).chain(words));
        }
        let words: Vec<Option<VerdictKind>> = words.iter().copied().map(Some).collect();
        self.write_named(out, &place.names(), &words)
    }

    /// Writes one row of verdicts; `None` where the verdicts of a group differ.
    pub(crate) fn write_named(
        &self,
        out: &mut Vec<u8>,
        names: &Names<'_>,
        words: &[Option<VerdictKind>],
    ) -> io::Result<()> {
        let names = self.texts_of(names).map(|text| plain(text).into_owned()).collect::<Vec<_>>();
        if let Some(columns) = self.paragraphs {
            return self.write_paragraph(out, &names, words, columns);
        }
        let cells = words.iter().map(|word| (text_of(*word), style(word.unwrap_or(DIFFERENT))));
        self.write_line(out, &names, &cells.collect::<Vec<_>>())
    }

    /// Writes one cell on a separate line, with its grants.
    pub(crate) fn write_cell(
        &self,
        out: &mut Vec<u8>,
        place: Place<'_>,
        verb: &str,
        decided: &Decided<'_>,
    ) -> io::Result<()> {
        let verb = plain(verb);
        let word = decided.verdict();
        let by = decided.through(", ");
        let by = plain(&by);
        let cells = [(&*verb, Style::new()), (word_of(word), style(word)), (&*by, Style::new())];
        let cells = if by.is_empty() { &cells[..2] } else { &cells[..] };
        let names = place.names();
        let names: Vec<String> =
            self.texts_of(&names).map(|text| plain(text).into_owned()).collect();
        self.write_line(out, &names, cells)
    }

    /// Writes a row as a paragraph: the names, and the verbs grouped by verdict.
    fn write_paragraph(
        &self,
        out: &mut impl Write,
        names: &[String],
        words: &[Option<VerdictKind>],
        columns: usize,
    ) -> io::Result<()> {
        writeln!(out, "{}", names.join(" "))?;
        let mut verdicts: Vec<Option<VerdictKind>> = words.to_vec();
        verdicts.sort_by_key(|word| text_of(*word));
        verdicts.dedup();
        for word in verdicts.into_iter().rev() {
            let verbs = self.verbs.iter().zip(words).filter(|(_, of_verb)| **of_verb == word);
            let verbs: Vec<String> =
                verbs.map(|(verb, _)| verb.heading.concat().to_lowercase()).collect();
            let style = style(word.unwrap_or(DIFFERENT));
            let label = format!("{}:", text_of(word));
            let room = columns.saturating_sub(label.len() + 3).max(1);
            for (position, line) in wrap(&verbs.join(" "), room).iter().enumerate() {
                match position {
                    0 => writeln!(out, "  {style}{label}{style:#} {line}")?,
                    _ => writeln!(out, "{:indent$}{line}", "", indent = label.len() + 3)?,
                }
            }
        }
        Ok(())
    }

    /// Returns the unescaped names of a row.
    fn texts_of<'n>(&self, names: &'n Names<'_>) -> impl Iterator<Item = &'n str> {
        self.names.iter().map(|column| match column.heading_line(0) {
            "SUBJECT" => &*names.subject,
            "NAMESPACE" => &*names.namespace,
            _ => &*names.resource,
        })
    }

    fn write_line(
        &self,
        out: &mut impl Write,
        names: &[String],
        cells: &[(&str, Style)],
    ) -> io::Result<()> {
        let mut pending = 0;
        for (text, column) in names.iter().zip(&self.names) {
            if !text.is_empty() {
                write!(out, "{:pending$}{text}", "")?;
                pending = 0;
            }
            pending += column.width + self.gutter - text.width().min(column.width);
        }
        for ((text, style), column) in cells.iter().zip(&self.verbs) {
            write!(out, "{:pending$}{style}{text}{style:#}", "")?;
            pending = column.width + self.gutter - text.width().min(column.width);
        }
        writeln!(out)
    }

    /// Narrows the gutters, then switches to paragraphs, until everything fits without cutting names.
    fn fit(&mut self, columns: usize) {
        let widths: usize = self.names.iter().chain(&self.verbs).map(|column| column.width).sum();
        let gaps = (self.names.len() + self.verbs.len()).saturating_sub(1);
        if widths + gaps * self.gutter > columns {
            self.gutter = 1;
        }
        if widths + gaps * self.gutter > columns && self.format.is_grid() {
            self.paragraphs = Some(columns);
        }
    }
}

impl Column {
    fn new(heading: &str, texts: impl Iterator<Item = impl AsRef<str>>) -> Self {
        let widths = texts.map(|text| plain(text.as_ref()).width());
        let width = widths.max().unwrap_or_default().max(heading.width());
        Self { heading: [heading.to_owned(), String::new()], width }
    }

    fn of_verb(verb: &str, widest: VerdictKind) -> Self {
        let heading = plain(verb).to_uppercase();
        let heading = match heading.strip_prefix("DELETE") {
            Some(rest) if !rest.is_empty() => ["DELETE".to_owned(), rest.to_owned()],
            _ => [heading, String::new()],
        };
        let width = heading.iter().map(|line| line.width()).max().unwrap_or_default();
        Self { heading, width: width.max(word_of(widest).len()) }
    }

    fn heading_line(&self, line: usize) -> &str {
        self.heading.get(line).map_or("", String::as_str)
    }
}

/// Returns the namespace in a table: `*` for all namespaces, `-` for none.
pub(super) fn namespace_word(namespace: Option<&Text>) -> &str {
    match namespace {
        None => "-",
        Some(namespace) if namespace.is_empty() => "*",
        Some(namespace) => namespace,
    }
}
