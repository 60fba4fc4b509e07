//! The cells of a matrix that several subjects, namespaces or clusters answer.

use rolecall_rbac::{Request, Text, VerdictKind};
use rolecall_review::Answer;

use crate::resolved::Subject;

/// The cells and everybody's answers to them.
pub(crate) struct Difference<'a> {
    /// The cells, in the order of a matrix.
    pub(crate) cells: Vec<Cell<'a>>,
    /// What answers the cells: first what was asked about, then what it is compared with.
    pub(crate) columns: Vec<Column>,
    /// Whether there are several subjects, and several namespaces.
    pub(crate) several: (bool, bool),
}

/// One cell.
#[derive(Clone, Copy)]
pub(crate) struct Cell<'a> {
    pub(crate) subject: &'a Subject,
    /// The namespace: empty for all at once, `None` for what is in none.
    pub(crate) namespace: Option<&'a Text>,
    /// The resource or path as people write it.
    pub(crate) resource: &'a str,
    pub(crate) verb: &'a Text,
}

/// The answers to all cells.
pub(crate) struct Column {
    /// Whose answers they are.
    pub(crate) label: String,
    /// One for each cell.
    pub(crate) answers: Vec<Answer>,
    /// The request of each cell.
    pub(crate) requests: Vec<Request>,
}

impl Difference<'_> {
    /// Returns the positions of the cells that somebody answers differently for sure.
    pub(crate) fn differing(&self) -> impl Iterator<Item = usize> {
        (0..self.cells.len()).filter(|cell| {
            let mut words = self.words(*cell);
            let own = words.next();
            words.any(|other| own.is_some_and(|own| differ(own, other)))
        })
    }

    /// Returns the answers to a cell: what was asked about first.
    pub(crate) fn words(&self, cell: usize) -> impl Iterator<Item = VerdictKind> {
        self.columns
            .iter()
            .filter_map(move |column| column.answers.get(cell).map(|answer| answer.verdict))
    }

    /// Returns how many pairs of answers are compared, and how many cannot be.
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

/// Returns whether one is yes and the other no; what is unknown differs from nothing.
fn differ(one: VerdictKind, other: VerdictKind) -> bool {
    one != VerdictKind::Unknown
        && other != VerdictKind::Unknown
        && (one == VerdictKind::Allowed) != (other == VerdictKind::Allowed)
}
