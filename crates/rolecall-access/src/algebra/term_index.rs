use std::collections::HashMap;

use rolecall_rbac::Text;
use rustc_hash::FxBuildHasher;

use super::{AccessTerm, Extent};

/// Terms by their values in one dimension, to find those that can contain a term without visiting
/// all.
///
/// The dimension is the one that separates the terms best: in most clusters these are namespaces,
/// and for a subject with many rules that apply everywhere, these are resources.
#[derive(Debug)]
pub(super) struct TermIndex<'t> {
    dimension: Dimension,
    listed: HashMap<&'t Text, Vec<usize>, FxBuildHasher>,
    /// The terms that are not limited to a list in this dimension.
    others: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Namespaces,
    Groups,
    Resources,
}

/// The number of terms up to which visiting all is as fast.
const FEW: usize = 16;

impl<'t> TermIndex<'t> {
    /// Indexes terms by their position.
    pub(super) fn new(terms: &'t [AccessTerm]) -> Self {
        let by_namespace = Self::by(Dimension::Namespaces, terms);
        if terms.len() <= FEW {
            return by_namespace;
        }
        let others = [Dimension::Groups, Dimension::Resources].map(|it| Self::by(it, terms));
        others.into_iter().fold(by_namespace, |best, other| match other.cost() < best.cost() {
            true => other,
            false => best,
        })
    }

    fn by(dimension: Dimension, terms: &'t [AccessTerm]) -> Self {
        let mut index = Self { dimension, listed: HashMap::default(), others: Vec::new() };
        for (position, term) in terms.iter().enumerate() {
            match dimension.values(term) {
                Some(values) if !values.iter().any(|value| value.starts_with("*/")) => {
                    for value in values {
                        index.listed.entry(value).or_default().push(position);
                    }
                }
                _ => index.others.push(position),
            }
        }
        index
    }

    /// Returns the number of terms that the lookup of a term visits on average.
    fn cost(&self) -> usize {
        let lists = self.listed.values().map(|list| list.len() * list.len()).sum::<usize>();
        let entries = self.listed.values().map(Vec::len).sum::<usize>();
        self.others.len() + lists / entries.max(1)
    }

    /// Returns the positions of the terms that can contain a whole term.
    pub(super) fn around(&self, term: &AccessTerm) -> impl Iterator<Item = usize> {
        let value = self.dimension.values(term).and_then(<[Text]>::first);
        let listed = value.and_then(|value| self.listed.get(value));
        listed.into_iter().flatten().chain(&self.others).copied()
    }
}

impl Dimension {
    /// Returns the values that a term is limited to.
    fn values(self, term: &AccessTerm) -> Option<&[Text]> {
        let AccessTerm::Resources(term) = term else { return None };
        let extent: &Extent = match self {
            Self::Namespaces => &term.namespaces,
            Self::Groups => &term.groups,
            Self::Resources => &term.resources,
        };
        (!extent.all && extent.except.is_empty()).then_some(&extent.listed)
    }
}
