//! Human-readable matrix cells that differ.

use std::io::{self, Write};

use super::markdown;
use super::matrix::namespace_word;
use super::review::word_cell;
use super::{Cell, Table, TableLayout};
use crate::answer::difference::Difference;
use crate::decide::word_of;
use crate::resolved::label;

/// Writes one line per differing cell; nothing without any.
pub(crate) fn write_table(
    out: &mut impl Write,
    difference: &Difference<'_>,
    layout: TableLayout,
) -> io::Result<()> {
    let mut table = Table::new(headings(difference, str::to_owned));
    for cell in difference.differing() {
        let names = names(difference, cell).into_iter().map(Cell::new);
        table.row(names.chain(difference.words(cell).map(word_cell)));
    }
    if table.is_empty() { Ok(()) } else { table.write(out, layout) }
}

/// Writes the differing cells as a Markdown table.
pub(crate) fn write_markdown(out: &mut impl Write, difference: &Difference<'_>) -> io::Result<()> {
    let headings = headings(difference, str::to_lowercase);
    markdown::head(out, headings.iter().map(String::as_str))?;
    for cell in difference.differing() {
        let names = names(difference, cell);
        let words: Vec<&str> = difference.words(cell).map(word_of).collect();
        markdown::row(out, names.iter().map(String::as_str).chain(words))?;
    }
    Ok(())
}

fn headings(difference: &Difference<'_>, written: fn(&str) -> String) -> Vec<String> {
    let (subjects, namespaces) = difference.several;
    let named =
        [("SUBJECT", subjects), ("NAMESPACE", namespaces), ("RESOURCE", true), ("VERB", true)];
    let named = named.into_iter().filter(|(_, shown)| *shown).map(|(name, _)| written(name));
    named.chain(difference.columns.iter().map(|column| column.label.clone())).collect()
}

fn names(difference: &Difference<'_>, cell: usize) -> Vec<String> {
    let Some(cell) = difference.cells.get(cell) else { return Vec::new() };
    let (subjects, namespaces) = difference.several;
    let names = [
        (label(&cell.subject.identity), subjects),
        (namespace_word(cell.namespace).to_owned(), namespaces),
        (cell.resource.to_owned(), true),
        (cell.verb.to_string(), true),
    ];
    names.into_iter().filter(|(_, shown)| *shown).map(|(name, _)| name).collect()
}
