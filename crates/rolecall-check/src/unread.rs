//! Unread input, and the findings that depend on it.
//!
//! A file that was not read is one place where what is missing can be: findings name it. A list that a
//! server refused can hold anything, of every object of its kind: a snapshot with such a gap gets no findings
//! about what can be there, and manifests over such a cluster those that they get without the cluster.

use std::collections::BTreeSet;

use rolecall_rbac::{Gap, Origin, Text};

use crate::context::Context;

impl Context<'_> {
    /// Returns the files that were not read and can hold what a gap of `hides` hides.
    pub(crate) fn unread_files(&self, hides: impl Fn(&Gap) -> bool) -> Vec<Text> {
        let gaps = self.inventory().gaps().iter();
        let paths: BTreeSet<&Text> =
            gaps.filter(|gap| hides(gap)).filter_map(|gap| file_of(gap)).collect();
        paths.into_iter().cloned().collect()
    }

    /// Returns whether a list was refused that can hold what a gap of `hides` hides.
    pub(crate) fn is_unlisted(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        self.inventory().gaps().iter().any(|gap| file_of(gap).is_none() && hides(gap))
    }

    /// Returns whether the cluster that manifests are laid over shows everything that a gap of `hides` can
    /// hide: what is not in the input does not exist.
    pub(crate) fn is_complete(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        self.input.complete && !self.is_unlisted(hides)
    }

    /// Returns whether references to what a gap of `hides` can hide are left alone: a refused list can hold
    /// it. References of manifests that are laid over a cluster are judged as without the cluster.
    pub(crate) fn is_beyond_judgement(&self, hides: impl Fn(&Gap) -> bool) -> bool {
        !self.input.complete && self.is_unlisted(hides)
    }
}

/// Returns the file that was not read; `None` for what a server did not show.
pub(crate) fn file_of(gap: &Gap) -> Option<&Text> {
    match &gap.origin {
        Origin::File { path, .. } => Some(path),
        Origin::Cluster | Origin::Default => None,
    }
}
