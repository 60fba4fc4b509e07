use std::sync::Arc;

use rolecall_rbac::Text;

use super::block::Patterns;
use super::join::{Dimension, join};
use super::memo::remembered;
use super::set::{Groups, Names, Namespaces, Resources, UrlVerbs, Urls, Verbs};
use super::{AccessSet, Extent, ResourceKey, Set, UrlKey};

/// A part of an [`AccessSet`], like a rule that can also specify namespaces and exceptions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AccessTerm {
    /// Every request.
    Everything,
    /// Requests for resources.
    Resources(ResourceTerm),
    /// Requests for URLs.
    Urls(UrlTerm),
}

/// Requests for resources: every combination of the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceTerm {
    /// The namespaces; `""` means the cluster scope and all namespaces at once.
    pub namespaces: Extent,
    /// The API groups.
    pub groups: Extent,
    /// The resources and subresources, as rules write them.
    pub resources: Extent,
    /// The object names; `""` means no name.
    pub names: Extent,
    /// The verbs.
    pub verbs: Extent,
}

/// Requests for URLs: every combination of the parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrlTerm {
    /// The URLs, as rules write them.
    pub urls: Extent,
    /// The verbs.
    pub verbs: Extent,
}

impl AccessSet {
    /// Returns the set as few terms, sorted; they can overlap, like rules.
    pub fn terms(&self) -> Vec<AccessTerm> {
        let mut terms = Vec::new();
        for (namespaces, groups) in self.resources.blocks() {
            let namespaces = Extent::of(&namespaces);
            let of_groups = remembered(groups, |groups| Arc::from(terms_of(groups)));
            let of_groups: Arc<[ResourceTerm]> = of_groups;
            let in_namespaces = of_groups
                .iter()
                .map(|term| ResourceTerm { namespaces: namespaces.clone(), ..term.clone() });
            terms.extend(in_namespaces);
        }
        let terms = join(terms, &[Dimension::Namespaces, Dimension::Verbs]);
        let terms = terms.into_iter().map(AccessTerm::Resources);
        let urls = self.urls.blocks().into_iter().flat_map(|(urls, verbs)| {
            let urls = Extent::of(&urls);
            let of_verbs = move |(verbs, _): (Patterns<Text>, bool)| {
                AccessTerm::Urls(UrlTerm { urls: urls.clone(), verbs: Extent::of(&verbs) })
            };
            verbs.blocks().into_iter().map(of_verbs)
        });
        let mut terms: Vec<_> = terms.chain(urls).collect();
        terms.sort();
        terms
    }
}

/// Returns the terms of one namespace, without the namespace.
fn terms_of(groups: &Groups) -> Vec<ResourceTerm> {
    let mut terms = Vec::new();
    for (groups, resources) in groups.blocks() {
        let groups = Extent::of(&groups);
        for (resources, verbs) in resources.blocks() {
            let resources = Extent::of(&resources);
            for (verbs, names) in verbs.blocks() {
                let verbs = Extent::of(&verbs);
                let of_names = names.blocks().into_iter().map(|(names, _)| ResourceTerm {
                    // Replaced by those in which the groups are allowed.
                    namespaces: Extent::everything(),
                    groups: groups.clone(),
                    resources: resources.clone(),
                    names: Extent::of(&names),
                    verbs: verbs.clone(),
                });
                terms.extend(of_names);
            }
        }
    }
    join(terms, &[Dimension::Resources, Dimension::Groups])
}

impl AccessTerm {
    /// Returns the requests of the term.
    pub fn to_set(&self) -> AccessSet {
        match self {
            Self::Everything => AccessSet::everything(),
            Self::Resources(term) => {
                let names: Names = term.names.to_axis(&true, exact);
                let verbs: Verbs = term.verbs.to_axis(&names, exact);
                let resources: Resources = term.resources.to_axis(&verbs, ResourceKey::parse);
                let groups: Groups = term.groups.to_axis(&resources, exact);
                let resources: Namespaces = term.namespaces.to_axis(&groups, exact);
                AccessSet { resources, urls: Set::nothing() }
            }
            Self::Urls(term) => {
                let verbs: UrlVerbs = term.verbs.to_axis(&true, exact);
                let urls: Urls = term.urls.to_axis(&verbs, UrlKey::parse);
                AccessSet { resources: Set::nothing(), urls }
            }
        }
    }
}

pub(super) fn exact(text: &Text) -> Option<Text> {
    Some(text.clone())
}
