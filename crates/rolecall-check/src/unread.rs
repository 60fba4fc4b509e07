//! Unread input, and the findings that depend on it.
//!
//! A missing object might be in a file that was not read, so findings name the file. A list that a server
//! refused might contain any object of its kind. For a snapshot with such a gap, there are no findings about
//! objects that might be in it; manifests over such a cluster get the findings that they get without the cluster.

use std::collections::BTreeSet;

use rolecall_rbac::{Gap, Origin, Text};

use crate::context::Context;

impl Context<'_> {
    /// Returns the unread files that might contain the objects that a gap of `hides` hides.
    pub(crate) fn unread_files(&self, hides: impl Fn(&Gap) -> bool) -> Vec<Text> {
        let gaps = self.inventory().gaps().iter();
        let paths: BTreeSet<&Text> =
            gaps.filter(|gap| hides(gap)).filter_map(|gap| file_of(gap)).collect();
        paths.into_iter().cloned().collect()
    }

    /// Returns whether a refused list might contain the objects that a gap of `hides` hides.
    pub(crate) fn is_unlisted(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        self.inventory().gaps().iter().any(|gap| file_of(gap).is_none() && hides(gap))
    }

    /// Returns whether the cluster below the manifests shows everything that a gap of `hides` might hide: an
    /// object that is not in the input does not exist.
    pub(crate) fn is_complete(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        self.input.complete && !self.is_unlisted(hides)
    }

    /// Returns whether references to objects that a gap of `hides` might hide are not reported, because a refused
    /// list might contain them. References of manifests over a cluster are checked as without the cluster.
    pub(crate) fn is_beyond_judgement(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        !self.input.complete && self.is_unlisted(hides)
    }
}

/// Returns the unread file; `None` for a list that a server refused.
pub(crate) fn file_of(gap: &Gap) -> Option<&Text> {
    match &gap.origin {
        Origin::File { path, .. } => Some(path),
        Origin::Cluster | Origin::Default => None,
    }
}
