use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{Hash, Hasher};

use rustc_hash::{FxBuildHasher, FxHasher};

use super::{Extent, ResourceTerm};

/// A part of a term in which terms can be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Resources,
    Groups,
    Namespaces,
    Verbs,
}

/// Merges terms that differ in only one of some dimensions, in this order.
pub(super) fn join(mut terms: Vec<ResourceTerm>, dimensions: &[Dimension]) -> Vec<ResourceTerm> {
    for dimension in dimensions {
        if terms.len() < 2 {
            break;
        }
        terms = join_in(*dimension, terms);
    }
    terms
}

fn join_in(dimension: Dimension, terms: Vec<ResourceTerm>) -> Vec<ResourceTerm> {
    let mut joined: Vec<ResourceTerm> = Vec::with_capacity(terms.len());
    // The extents to merge into terms, by their position.
    let mut added: Vec<(usize, Extent)> = Vec::new();
    // The last term with a plain list, by the hash of its other parts; each with the one before it.
    let mut alike: HashMap<u64, usize, FxBuildHasher> =
        HashMap::with_capacity_and_hasher(terms.len(), FxBuildHasher);
    let mut before: Vec<Option<usize>> = Vec::with_capacity(terms.len());
    for term in terms {
        let mut previous = None;
        if dimension.of(&term).is_list() {
            let last = alike.entry(dimension.hash_others(&term));
            let first = match &last {
                Entry::Occupied(last) => Some(*last.get()),
                Entry::Vacant(_) => None,
            };
            let candidates = std::iter::successors(first, |at| before.get(*at).copied().flatten());
            let is_known = |at: &usize| {
                joined.get(*at).is_some_and(|known| dimension.is_only_difference(known, &term))
            };
            if let Some(known) = candidates.into_iter().find(is_known) {
                added.push((known, dimension.of(&term).clone()));
                continue;
            }
            last.insert_entry(joined.len());
            previous = first;
        }
        before.push(previous);
        joined.push(term);
    }
    added.sort_by_key(|(position, _)| *position);
    for of_term in added.chunk_by(|(one, _), (other, _)| one == other) {
        let Some(term) = of_term.first().and_then(|(at, _)| joined.get_mut(*at)) else { continue };
        let extent = dimension.of_mut(term);
        let added = of_term.iter().flat_map(|(_, added)| added.listed.iter());
        *extent = Extent::of_list(extent.listed.iter().chain(added).cloned().collect::<Vec<_>>());
    }
    joined
}

impl Dimension {
    fn of(self, term: &ResourceTerm) -> &Extent {
        match self {
            Self::Resources => &term.resources,
            Self::Groups => &term.groups,
            Self::Namespaces => &term.namespaces,
            Self::Verbs => &term.verbs,
        }
    }

    fn of_mut(self, term: &mut ResourceTerm) -> &mut Extent {
        match self {
            Self::Resources => &mut term.resources,
            Self::Groups => &mut term.groups,
            Self::Namespaces => &mut term.namespaces,
            Self::Verbs => &mut term.verbs,
        }
    }

    /// Returns whether two terms are equal in all other dimensions.
    fn is_only_difference(self, one: &ResourceTerm, other: &ResourceTerm) -> bool {
        let in_same =
            |dimension: Self| dimension == self || dimension.of(one) == dimension.of(other);
        one.names == other.names
            && [Self::Verbs, Self::Resources, Self::Groups, Self::Namespaces]
                .into_iter()
                .all(in_same)
    }

    fn hash_others(self, term: &ResourceTerm) -> u64 {
        let mut hasher = FxHasher::default();
        for dimension in [Self::Verbs, Self::Resources, Self::Groups, Self::Namespaces] {
            if dimension != self {
                dimension.of(term).hash(&mut hasher);
            }
        }
        term.names.hash(&mut hasher);
        hasher.finish()
    }
}

impl Extent {
    /// Returns whether it only includes what it lists.
    fn is_list(&self) -> bool {
        !self.all && self.except.is_empty()
    }
}
