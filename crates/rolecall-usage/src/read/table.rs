//! Comma-separated values: exports of query results.

use std::collections::BTreeMap;
use std::io::Read;

use super::format::COLUMNS;
use super::{Context, Fields, Reader, aks};
use crate::summary;

/// Reads a table whose columns contain events, parts of them, or a summary.
pub(super) fn read_csv(reader: &mut Reader, text: impl Read) -> Result<(), csv::Error> {
    let mut table = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let heading = table.headers()?.clone();
    let names: Vec<&str> =
        heading.iter().map(|name| name.trim().trim_start_matches('\u{feff}')).collect();
    let is_rows = names.contains(&"AuditId") && names.contains(&"Verb");
    let is_summary = names.contains(&summary::EVENTS_COLUMN);
    let events: Vec<bool> =
        names.iter().map(|name| COLUMNS.contains(&&*name.to_ascii_lowercase())).collect();
    let stream = names.iter().position(|name| matches!(*name, "Category" | "category"));
    let mut record = csv::StringRecord::new();
    while table.read_record(&mut record)? {
        let cells: BTreeMap<&str, &str> = names.iter().copied().zip(&record).collect();
        let context = Context { source: None, depth: 0 };
        if is_summary {
            if summary::read_cells(&mut reader.tally, &cells).is_none() {
                reader.unreadable();
            }
        } else if is_rows {
            let quoted: Vec<(String, Box<serde_json::value::RawValue>)> = cells
                .iter()
                .filter_map(|(name, cell)| {
                    let cell = serde_json::value::to_raw_value(cell).ok()?;
                    Some(((*name).to_owned(), cell))
                })
                .collect();
            let fields: Fields<'_> =
                quoted.iter().map(|(name, cell)| (name.clone(), &**cell)).collect();
            reader.aks_row(&fields, context);
        } else {
            let category = stream.and_then(|at| record.get(at)).unwrap_or_default();
            let source = aks::source_of_category(category);
            let cells = events.iter().zip(&record).filter(|(is_event, _)| **is_event);
            let cells = cells.map(|(_, cell)| cell).filter(|cell| !cell.is_empty());
            for cell in cells {
                reader.value(cell, Context { source, ..context });
            }
        }
    }
    Ok(())
}
