//! Requests in audit logs, the output of `usage`.

use rolecall_usage::{CoverageRow, Tally, Used, rows};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// The requests, and what the logs cover.
#[derive(serde::Serialize)]
#[serde(tag = "kind", bound = "Uses<F>: Serialize")]
pub(crate) struct UsageReport<F> {
    coverage: CoverageRow,
    uses: Uses<F>,
}

/// Requests that are created when they are written: a cluster can have a million.
struct Uses<F>(F);

impl<F, I> UsageReport<F>
where
    F: Fn() -> I,
    I: Iterator<Item = Used>,
{
    /// Describes requests.
    pub(crate) fn new(tally: &Tally, uses: F) -> Self {
        Self { coverage: CoverageRow::new(tally.coverage()), uses: Uses(uses) }
    }
}

impl<F, I> Serialize for Uses<F>
where
    F: Fn() -> I,
    I: Iterator<Item = Used>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for used in (self.0)() {
            for row in rows(&used) {
                list.serialize_element(&row)?;
            }
        }
        list.end()
    }
}
