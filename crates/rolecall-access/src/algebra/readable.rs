use super::{AccessSet, AccessTerm, Extent, ResourceTerm, UrlTerm};
use crate::algebra::term::join;

/// A term for display, which can be wider than the set that it describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadableTerm {
    /// The term.
    pub term: AccessTerm,
    /// The terms of the set that it describes.
    pub parts: Vec<AccessTerm>,
}

impl ReadableTerm {
    /// Describes a set as everything, although it is smaller.
    pub fn everything(set: &AccessSet) -> Self {
        Self { term: AccessTerm::Everything, parts: set.terms() }
    }
}

impl AccessSet {
    /// Returns the set as few terms, sorted. The terms can include requests of `optional` to avoid
    /// exceptions: a subject that gains everything except the access that everyone has gains
    /// everything.
    pub fn readable(&self, optional: &Self) -> Vec<ReadableTerm> {
        let exact = self.terms();
        let most = self.union(optional);
        if most == Self::everything() {
            return vec![ReadableTerm::everything(self)];
        }
        let fits = |term: &AccessTerm| term.to_set().is_subset(&most);
        let without_exceptions: Vec<AccessTerm> =
            exact.iter().map(|term| without_exceptions(term, fits)).collect();
        let widened: Vec<AccessTerm> = without_redundant(without_exceptions)
            .into_iter()
            .map(|term| everywhere(term, fits))
            .collect();
        if widened == exact {
            return exact
                .into_iter()
                .map(|term| ReadableTerm { parts: vec![term.clone()], term })
                .collect();
        }
        let exact: Vec<(AccessTerm, AccessSet)> =
            exact.into_iter().map(|term| (term.clone(), term.to_set())).collect();
        let others = joined(widened).into_iter().map(|term| {
            let set = term.to_set();
            let parts = exact.iter().filter(|(_, part)| part.is_subset(&set));
            ReadableTerm { parts: parts.map(|(part, _)| part.clone()).collect(), term }
        });
        others.collect()
    }
}

/// Drops terms that others contain, and sorts.
fn without_redundant(mut terms: Vec<AccessTerm>) -> Vec<AccessTerm> {
    terms.sort();
    terms.dedup();
    let sets: Vec<AccessSet> = terms.iter().map(AccessTerm::to_set).collect();
    let mut position = 0..;
    terms.retain(|_| {
        let own = position.next().unwrap_or_default();
        let others = sets.iter().enumerate().filter(|(other, _)| *other != own);
        let mut wider =
            others.filter(|(_, other)| sets.get(own).is_some_and(|set| set.is_subset(other)));
        // Keep the first of equal sets.
        !wider.any(|(other, set)| other < own || sets.get(own) != Some(set))
    });
    terms
}

/// Merges terms that differ in only one dimension, and sorts.
fn joined(terms: Vec<AccessTerm>) -> Vec<AccessTerm> {
    let (mut resources, mut others) = (Vec::new(), Vec::new());
    for term in without_redundant(terms) {
        match term {
            AccessTerm::Resources(term) => resources.push(term),
            other => others.push(other),
        }
    }
    others.extend(join(resources).into_iter().map(AccessTerm::Resources));
    others.sort();
    others
}

/// Widens a term at the cluster scope to all namespaces, if the result fits.
fn everywhere(mut term: AccessTerm, fits: impl Fn(&AccessTerm) -> bool) -> AccessTerm {
    if let AccessTerm::Resources(of_cluster) = &term
        && of_cluster.namespaces == Extent::of_list([""])
    {
        let namespaces = Extent::everything();
        let wider = AccessTerm::Resources(ResourceTerm { namespaces, ..of_cluster.clone() });
        if fits(&wider) {
            term = wider;
        }
    }
    term
}

/// Drops the exceptions of a term, one dimension at a time, as long as the result fits.
fn without_exceptions(term: &AccessTerm, fits: impl Fn(&AccessTerm) -> bool) -> AccessTerm {
    match term {
        AccessTerm::Everything => AccessTerm::Everything,
        AccessTerm::Resources(term) => {
            let dimensions: [fn(&mut ResourceTerm) -> &mut Extent; 5] = [
                |term| &mut term.namespaces,
                |term| &mut term.groups,
                |term| &mut term.resources,
                |term| &mut term.names,
                |term| &mut term.verbs,
            ];
            let mut term = term.clone();
            let fits = |term: &ResourceTerm| fits(&AccessTerm::Resources(term.clone()));
            for dimension in dimensions {
                drop_exceptions(&mut term, dimension, fits);
            }
            AccessTerm::Resources(term)
        }
        AccessTerm::Urls(term) => {
            let dimensions: [fn(&mut UrlTerm) -> &mut Extent; 2] =
                [|term| &mut term.urls, |term| &mut term.verbs];
            let mut term = term.clone();
            let fits = |term: &UrlTerm| fits(&AccessTerm::Urls(term.clone()));
            for dimension in dimensions {
                drop_exceptions(&mut term, dimension, fits);
            }
            AccessTerm::Urls(term)
        }
    }
}

/// Drops all exceptions of a dimension, or else individual ones, if the result fits.
fn drop_exceptions<T: Clone>(
    term: &mut T,
    dimension: fn(&mut T) -> &mut Extent,
    fits: impl Fn(&T) -> bool,
) {
    let extent = dimension(term).clone();
    if extent.except.is_empty() {
        return;
    }
    let listed = if extent.all { Vec::new() } else { extent.listed };
    let without = Extent { all: extent.all, listed, except: Vec::new() };
    if replace(term, dimension, without, &fits) {
        return;
    }
    for dropped in extent.except {
        let mut rest = dimension(term).clone();
        rest.except.retain(|exception| *exception != dropped);
        replace(term, dimension, rest, &fits);
    }
}

/// Replaces one dimension of a term, if the result fits.
fn replace<T: Clone>(
    term: &mut T,
    dimension: fn(&mut T) -> &mut Extent,
    extent: Extent,
    fits: impl Fn(&T) -> bool,
) -> bool {
    let mut candidate = term.clone();
    *dimension(&mut candidate) = extent;
    let fits = fits(&candidate);
    if fits {
        *term = candidate;
    }
    fits
}
