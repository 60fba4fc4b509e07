//! Requests in audit logs, the output of `usage`.

use rolecall_usage::{CoverageRow, Row, Tally, Used, rows};
use serde::Serialize;

/// The requests, and what the logs cover.
#[derive(Serialize)]
#[serde(tag = "kind")]
pub(crate) struct UsageReport<'a> {
    coverage: CoverageRow,
    uses: Vec<Row<'a>>,
}

impl<'a> UsageReport<'a> {
    /// Describes requests.
    pub(crate) fn new(tally: &Tally, uses: &'a [Used]) -> Self {
        Self {
            coverage: CoverageRow::new(tally.coverage()),
            uses: uses.iter().flat_map(rows).collect(),
        }
    }
}
