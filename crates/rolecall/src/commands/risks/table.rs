//! Subjects as a table.

use crate::answer::risks::RiskRow;
use crate::render::{Cell, Table, merged};
use crate::words;

/// The number of workloads or bindings to name in one cell.
const MOST: usize = 3;

/// The columns of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Columns {
    /// Those that fit a terminal.
    Few,
    /// Also the bindings.
    All,
}

/// Builds the table, with one row for each group.
pub(super) fn table(groups: &[Vec<&RiskRow<'_>>], columns: Columns) -> Table {
    let bindings = (columns == Columns::All).then_some("BINDINGS");
    let headings = ["SEVERITY", "SUBJECT", "BECOMES", "RISKS", "RUNS IN"];
    let mut table = Table::new(headings.into_iter().chain(bindings));
    for group in groups {
        match &**group {
            [alone] => table.row(cells(alone, columns)),
            several => table.row(merged(several.iter().map(|row| cells(row, columns)).collect())),
        }
    }
    table
}

fn cells(row: &RiskRow<'_>, columns: Columns) -> Vec<Cell> {
    let runs_in = match &row.runners {
        None => "not read".to_owned(),
        Some(all) => named(all.iter().map(|(_, it)| format!("{} {}", it.kind, it.name)).collect()),
    };
    let mut cells: Vec<Cell> = vec![
        row.severity.as_str().into(),
        row.subject.to_string().into(),
        row.becomes().into(),
        row.codes().into(),
        runs_in.into(),
    ];
    if columns == Columns::All {
        let bindings = row.bindings.iter().map(|binding| words::binding(binding)).collect();
        cells.push(named(bindings).into());
    }
    cells
}

/// Names the first texts of a list, and counts the others.
fn named(texts: Vec<String>) -> String {
    match texts.len().saturating_sub(MOST) {
        0 => texts.join(", "),
        more => {
            let shown: Vec<String> = texts.into_iter().take(MOST).collect();
            format!("{} and {more} more", shown.join(", "))
        }
    }
}
