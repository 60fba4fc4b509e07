//! The difference in access between two sources.

use rolecall_access::diff::{GainedRisk, HolderDiff};
use rolecall_paths::Reached;
use rolecall_rbac::Gap;

/// The result of a comparison.
pub(crate) struct Comparison<'a> {
    /// The OLD argument.
    pub(crate) old: &'a str,
    /// The NEW argument.
    pub(crate) new: &'a str,
    /// The subjects with differences.
    pub(crate) diffs: &'a [HolderDiff<'a>],
    /// The gained risks.
    pub(crate) risks: Vec<GainedRisk<'a>>,
    /// The paths that open and close, if they were compared.
    pub(crate) paths: PathChanges<'a>,
    /// The gaps of the old source.
    pub(crate) old_gaps: Vec<Gap>,
    /// The gaps of the new source.
    pub(crate) new_gaps: Vec<Gap>,
    /// Whether unreadable input fails the command.
    pub(crate) fails: bool,
}

/// The escalation paths that only one source has.
#[derive(Default)]
pub(crate) struct PathChanges<'a> {
    /// Those of the new source.
    pub(crate) opened: Vec<Reached<'a>>,
    /// Those of the old source.
    pub(crate) closed: Vec<Reached<'a>>,
}

impl PathChanges<'_> {
    /// Returns whether no path opens or closes.
    pub(crate) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.closed.is_empty()
    }
}

impl Comparison<'_> {
    /// Returns whether nothing was gained or lost, and nothing is unknown.
    pub(crate) fn is_unchanged(&self) -> bool {
        self.diffs.is_empty()
            && self.paths.is_empty()
            && self.old_gaps.is_empty()
            && self.new_gaps.is_empty()
    }

    /// Returns whether nothing was certainly gained or lost.
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
            && self.diffs.iter().all(|diff| diff.gained.is_empty() && diff.lost.is_empty())
    }
}
