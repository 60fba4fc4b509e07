//! The cells of a matrix that several subjects, namespaces or clusters answer.

use rolecall_rbac::{Request, Text, VerdictKind};
use rolecall_review::Answer;

use crate::resolved::Subject;

/// The cells and all answers to them.
pub(crate) struct Difference<'a> {
    /// The cells, in the order of a matrix.
    pub(crate) cells: Vec<Cell<'a>>,
    /// The answers: first those of the arguments, then those of the others.
    pub(crate) columns: Vec<Column>,
    /// Whether there are several subjects, and several namespaces.
    pub(crate) several: (bool, bool),
}

/// One cell.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) subject: &'a Subject,
    /// The namespace: empty for all namespaces, `None` for cluster-scoped resources and paths.
    pub(crate) namespace: Option<&'a Text>,
    /// The resource or path as people write it.
    pub(crate) resource: &'a str,
    pub(crate) verb: &'a Text,
}

/// The answers to all cells.
pub(crate) struct Column {
    /// The heading.
    pub(crate) label: String,
    /// One answer per cell.
    pub(crate) answers: Vec<Answer>,
    /// The request of each cell.
    pub(crate) requests: Vec<Request>,
}

impl Difference<'_> {
    /// Returns the positions of the cells that certainly differ.
    pub(crate) fn differing(&self) -> impl Iterator<Item = usize> {
        (0..self.cells.len()).filter(|cell| {
            let mut words = self.words(*cell);
            let own = words.next();
            words.any(|other| own.is_some_and(|own| differ(own, other)))
        })
    }

    /// Returns the answers to a cell: that of the arguments first.
    pub(crate) fn words(&self, cell: usize) -> impl Iterator<Item = VerdictKind> {
        self.columns
            .iter()
            .filter_map(move |column| column.answers.get(cell).map(|answer| answer.verdict))
    }

    /// Returns the number of compared answers, and of those that cannot be compared.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let mut counts = (0, 0);
        for cell in 0..self.cells.len() {
            let words: Vec<VerdictKind> = self.words(cell).collect();
            for other in words.iter().skip(1) {
                let is_open =
                    words.first() == Some(&VerdictKind::Unknown) || *other == VerdictKind::Unknown;
                if is_open { counts.1 += 1 } else { counts.0 += 1 }
            }
        }
        counts
    }
}

/// Returns whether one answer is yes and the other no.
fn differ(one: VerdictKind, other: VerdictKind) -> bool {
    one != VerdictKind::Unknown
        && other != VerdictKind::Unknown
        && (one == VerdictKind::Allowed) != (other == VerdictKind::Allowed)
}
