use std::collections::HashSet;

use rustc_hash::FxBuildHasher;

use crate::algebra::{AccessTerm, Extent};

/// The distinct extents of the terms of changes, which take most of their memory if they are not shared.
#[derive(Debug, Default)]
pub(super) struct SharedExtents {
    known: HashSet<Extent, FxBuildHasher>,
}

impl SharedExtents {
    /// Replaces the extents of a term by equal ones of other terms. Lists of namespaces are mostly
    /// different.
    pub(super) fn share(&mut self, term: &mut AccessTerm) {
        match term {
            AccessTerm::Everything => {}
            AccessTerm::Resources(term) => {
                let extents =
                    [&mut term.groups, &mut term.resources, &mut term.names, &mut term.verbs];
                extents.into_iter().for_each(|extent| self.share_extent(extent));
            }
            AccessTerm::Urls(term) => {
                [&mut term.urls, &mut term.verbs].into_iter().for_each(|it| self.share_extent(it));
            }
        }
    }

    fn share_extent(&mut self, extent: &mut Extent) {
        match self.known.get(extent) {
            Some(known) => *extent = known.clone(),
            None => drop(self.known.insert(extent.clone())),
        }
    }
}
