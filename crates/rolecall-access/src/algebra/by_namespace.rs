use std::collections::HashMap;

use rolecall_rbac::Text;
use rustc_hash::FxBuildHasher;

use super::AccessTerm;

/// Terms by the namespaces that they name, to find those that concern one namespace without
/// visiting all.
#[derive(Debug, Default)]
pub(crate) struct ByNamespace<'t> {
    listed: HashMap<&'t Text, Vec<usize>, FxBuildHasher>,
    /// The terms that are not limited to listed namespaces.
    others: Vec<usize>,
}

impl<'t> ByNamespace<'t> {
    /// Indexes terms by their position.
    pub(crate) fn new(terms: impl IntoIterator<Item = &'t AccessTerm>) -> Self {
        let mut index = Self::default();
        for (position, term) in terms.into_iter().enumerate() {
            match only_namespaces(term) {
                Some(namespaces) => {
                    for namespace in namespaces {
                        index.listed.entry(namespace).or_default().push(position);
                    }
                }
                None => index.others.push(position),
            }
        }
        index
    }

    /// Returns the positions of the terms that can include a namespace.
    pub(crate) fn of(&self, namespace: &Text) -> impl Iterator<Item = usize> {
        self.listed.get(namespace).into_iter().flatten().chain(&self.others).copied()
    }
}

/// Returns the only namespaces of a term; `None` if it is not limited to a list.
pub(crate) fn only_namespaces(term: &AccessTerm) -> Option<&[Text]> {
    match term {
        AccessTerm::Resources(term) if !term.namespaces.all => Some(&term.namespaces.listed),
        AccessTerm::Everything | AccessTerm::Resources(_) | AccessTerm::Urls(_) => None,
    }
}
