use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use rolecall_rbac::Text;
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

/// A term and the lists that were merged into it.
struct Joined {
    term: ResourceTerm,
    added: Vec<Text>,
}

fn join_in(dimension: Dimension, terms: Vec<ResourceTerm>) -> Vec<ResourceTerm> {
    let mut joined: Vec<Joined> = Vec::with_capacity(terms.len());
    // The terms with plain lists, by the hash of their other parts.
    let mut alike: HashMap<u64, Vec<usize>, FxBuildHasher> = HashMap::default();
    for term in terms {
        if dimension.of(&term).is_list() {
            let positions = alike.entry(dimension.hash_others(&term)).or_default();
            let known = positions.iter().copied().find(|position| {
                let known = joined.get(*position);
                known.is_some_and(|known| dimension.is_only_difference(&known.term, &term))
            });
            if let Some(known) = known.and_then(|position| joined.get_mut(position)) {
                known.added.extend(dimension.of(&term).listed.iter().cloned());
                continue;
            }
            positions.push(joined.len());
        }
        joined.push(Joined { term, added: Vec::new() });
    }
    let finish = |Joined { mut term, added }: Joined| {
        if !added.is_empty() {
            let extent = dimension.of_mut(&mut term);
            *extent = Extent::of_list(extent.listed.iter().cloned().chain(added));
        }
        term
    };
    joined.into_iter().map(finish).collect()
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
