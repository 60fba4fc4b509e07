//! The difference in access between two sources.

use rolecall_access::diff::{GainedRisk, HolderDiff};
use rolecall_rbac::Gap;

/// Everything that was found out.
pub(crate) struct Comparison<'a> {
    /// OLD as written.
    pub(crate) old: &'a str,
    /// NEW as written.
    pub(crate) new: &'a str,
    /// The subjects of whom something differs.
    pub(crate) diffs: &'a [HolderDiff<'a>],
    /// The risks that came with what was gained.
    pub(crate) risks: Vec<GainedRisk<'a, 'a>>,
    /// What was not read of the old side.
    pub(crate) old_gaps: Vec<Gap>,
    /// What was not read of the new side.
    pub(crate) new_gaps: Vec<Gap>,
}

impl Comparison<'_> {
    /// Returns whether nothing was gained or lost for sure.
    pub(crate) fn is_empty(&self) -> bool {
        self.diffs.iter().all(|diff| diff.gained.is_empty() && diff.lost.is_empty())
    }
}
