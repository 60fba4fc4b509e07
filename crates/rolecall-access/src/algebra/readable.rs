use rolecall_rbac::Text;

use super::join::{Dimension, join};
use super::term_index::TermIndex;
use super::{AccessSet, AccessTerm, Extent, ExtentPatterns, Product, ResourceTerm, UrlTerm};

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
    pub fn readable(&self, optional: impl FnOnce() -> Self) -> Vec<ReadableTerm> {
        let exact = self.terms();
        let widened: Vec<AccessTerm> = match exact.iter().any(can_widen) {
            false => without_redundant(exact.clone()),
            true => {
                let most = self.union(&optional());
                if most == Self::everything() {
                    return vec![ReadableTerm::everything(self)];
                }
                let fits = |term: &AccessTerm| term.is_within(&most);
                let without_exceptions =
                    exact.iter().map(|term| without_exceptions(term, fits)).collect();
                let terms = without_redundant(without_exceptions).into_iter();
                terms.map(|term| everywhere(term, fits)).collect()
            }
        };
        if widened == exact {
            return exact
                .into_iter()
                .map(|term| ReadableTerm { parts: vec![term.clone()], term })
                .collect();
        }
        described(joined(widened), &exact)
    }
}

/// Returns whether a term can become wider: it has exceptions, is limited to the cluster scope, or
/// is a part of everything.
fn can_widen(term: &AccessTerm) -> bool {
    match term {
        AccessTerm::Everything => false,
        AccessTerm::Resources(term) => {
            let ResourceTerm { namespaces, groups, resources, names, verbs } = term;
            let extents = [namespaces, groups, resources, names, verbs];
            extents.iter().any(|extent| !extent.except.is_empty())
                || namespaces.all
                || *namespaces == Extent::of_list([""])
        }
        AccessTerm::Urls(UrlTerm { urls, verbs }) => {
            [urls, verbs].iter().any(|extent| !extent.except.is_empty() || extent.all)
        }
    }
}

/// Pairs each term with the parts that it contains.
fn described(terms: Vec<AccessTerm>, parts: &[AccessTerm]) -> Vec<ReadableTerm> {
    let products: Vec<Product<'_>> = terms.iter().map(Product::new).collect();
    let index = TermIndex::new(&terms);
    let mut parts_of: Vec<Vec<AccessTerm>> = vec![Vec::new(); terms.len()];
    for part in parts {
        let product = Product::new(part);
        for position in index.around(part) {
            if let (Some(around), Some(of_term)) =
                (products.get(position), parts_of.get_mut(position))
                && around.contains(&product)
            {
                of_term.push(part.clone());
            }
        }
    }
    let described = terms.into_iter().zip(parts_of);
    described.map(|(term, parts)| ReadableTerm { term, parts }).collect()
}

/// Drops terms that others contain, and sorts.
fn without_redundant(mut terms: Vec<AccessTerm>) -> Vec<AccessTerm> {
    terms.sort();
    terms.dedup();
    let products: Vec<Product<'_>> = terms.iter().map(Product::new).collect();
    let index = TermIndex::new(&terms);
    let is_redundant = |(own, term): (usize, &AccessTerm)| {
        let Some(product) = products.get(own) else { return false };
        index.around(term).any(|other| {
            let Some(around) = products.get(other).filter(|_| other != own) else { return false };
            // Keep the first of equal sets.
            around.contains(product) && (other < own || !product.contains(around))
        })
    };
    let redundant: Vec<bool> = terms.iter().enumerate().map(is_redundant).collect();
    let mut redundant = redundant.into_iter();
    terms.retain(|_| !redundant.next().unwrap_or_default());
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
    let dimensions =
        [Dimension::Resources, Dimension::Groups, Dimension::Namespaces, Dimension::Verbs];
    others.extend(join(resources, &dimensions).into_iter().map(AccessTerm::Resources));
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
///
/// The term itself fits, so only what an exception excluded is compared.
fn drop_exceptions<T: Clone>(
    term: &mut T,
    dimension: fn(&mut T) -> &mut Extent,
    fits: impl Fn(&T) -> bool,
) {
    let rest = dimension(term).clone();
    if rest.except.is_empty() {
        return;
    }
    let excluded_fits = |term: &T, excluded: Extent| {
        let mut excluded_part = term.clone();
        *dimension(&mut excluded_part) = excluded;
        fits(&excluded_part)
    };
    if excluded_fits(term, Extent::of_list(rest.except.iter().cloned())) {
        *dimension(term) = match rest.all {
            true => Extent::everything(),
            false => {
                let listed = rest.listed.clone();
                ExtentPatterns { listed, ..ExtentPatterns::default() }.into()
            }
        };
        return;
    }
    for dropped in rest.except.iter().cloned() {
        let left = dimension(term).clone();
        let others = left.except.iter().filter(|exception| **exception != dropped);
        let others: Vec<Text> = others.cloned().collect();
        // Narrower exceptions remain.
        let except = if dropped.contains('*') { others.clone() } else { Vec::new() };
        let excluded = ExtentPatterns { all: false, listed: vec![dropped], except };
        if excluded_fits(term, excluded.into()) {
            *dimension(term) = ExtentPatterns { except: others, ..(*left).clone() }.into();
        }
    }
}
