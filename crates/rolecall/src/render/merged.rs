//! Rows that are combined.

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
        let mut texts: Vec<&str> = vec![cell.text()];
        let mut known = std::collections::BTreeSet::from([cell.text()]);
        for text in others.iter().filter_map(|row| Some(row.get(column)?.text())) {
            if known.insert(text) {
                texts.push(text);
            }
        }
        match texts.len() {
            1 => cell.clone(),
            count if count <= SHOWN => Cell::new(texts.join(", ")),
            count => {
                let shown = texts.get(..SHOWN).unwrap_or_default().join(", ");
                Cell::new(format!("{shown} and {} more", count - SHOWN))
            }
        }
    };
    first.into_iter().enumerate().map(merge).collect()
}
