//! Matrix cells that differ, in machine-readable formats.

use std::io::{self, Write};

use serde::Serialize;

use super::RequestDetails;
use crate::answer::difference::Difference;
use crate::csv;
use crate::decide::json_word_of;
use crate::resolved::label;

/// The output of `can-i --diff-with`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessMatrixDiff<'a> {
    compared: usize,
    unknown: usize,
    differences: Vec<CellDifference<'a>>,
}

#[derive(Debug, Serialize)]
struct CellDifference<'a> {
    subject: String,
    #[serde(flatten)]
    request: RequestDetails<'a>,
    verdict: &'static str,
    others: Vec<OtherVerdict<'a>>,
}

#[derive(Debug, Serialize)]
struct OtherVerdict<'a> {
    with: &'a str,
    verdict: &'static str,
}

impl<'a> AccessMatrixDiff<'a> {
    /// Copies a difference.
    pub(crate) fn new(difference: &'a Difference<'a>) -> Self {
        let (compared, unknown) = difference.counts();
        Self {
            compared,
            unknown,
            differences: difference
                .differing()
                .filter_map(|cell| CellDifference::new(difference, cell))
                .collect(),
        }
    }
}

impl<'a> CellDifference<'a> {
    fn new(difference: &'a Difference<'a>, at: usize) -> Option<Self> {
        let cell = difference.cells.get(at)?;
        let mut words = difference.words(at);
        let own = words.next()?;
        let others = difference.columns.iter().skip(1).zip(words);
        Some(Self {
            subject: label(&cell.subject.identity),
            request: RequestDetails::new(difference.columns.first()?.requests.get(at)?),
            verdict: json_word_of(own),
            others: others
                .map(|(column, word)| OtherVerdict {
                    with: &column.label,
                    verdict: json_word_of(word),
                })
                .collect(),
        })
    }
}

/// Writes the differing cells as CSV.
pub(crate) fn write_csv(out: &mut impl Write, difference: &Difference<'_>) -> io::Result<()> {
    let own = "subject,namespace,verb,group,resource,subresource,name,path,verdict".split(',');
    let others = difference.columns.iter().skip(1).map(|column| &*column.label);
    csv::write_line(out, own.chain(others))?;
    for at in difference.differing() {
        let Some(cell) = CellDifference::new(difference, at) else { continue };
        let verdicts = cell.others.iter().map(|other| other.verdict);
        let fields =
            [&*cell.subject].into_iter().chain(cell.request.fields()).chain([cell.verdict]);
        csv::write_line(out, fields.chain(verdicts))?;
    }
    Ok(())
}
