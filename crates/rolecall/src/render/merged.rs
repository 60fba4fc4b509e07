//! Rows that are combined.

use std::collections::BTreeSet;

use super::Cell;

/// The number of different texts that a merged cell shows.
const SHOWN: usize = 2;

/// Merges the rows of a group: a cell shows what its rows have in common, or some of their texts
/// and the number of the others.
pub(crate) fn merged(rows: Vec<Vec<Cell>>) -> Vec<Cell> {
    let mut rows = rows.into_iter();
    let Some(first) = rows.next() else { return Vec::new() };
    let others: Vec<Vec<Cell>> = rows.collect();
    if others.is_empty() {
        return first;
    }
    let merge = |(column, cell): (usize, Cell)| {
        let others = others.iter().filter_map(|row| Some(row.get(column)?.text()));
        let text = merged_texts(std::iter::once(cell.text()).chain(others));
        if text == cell.text() { cell } else { Cell::new(text) }
    };
    first.into_iter().enumerate().map(merge).collect()
}

/// Returns the text that several have in common, or some of them and the number of the others.
pub(crate) fn merged_texts<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut known = BTreeSet::new();
    let distinct: Vec<&str> = texts.filter(|text| known.insert(*text)).collect();
    match distinct.get(..SHOWN) {
        Some(shown) if distinct.len() > SHOWN => {
            format!("{} and {} more", shown.join(", "), distinct.len() - SHOWN)
        }
        _ => distinct.join(", "),
    }
}
