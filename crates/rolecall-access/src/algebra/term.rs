use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rolecall_rbac::{Text, Texts};

use super::block::Patterns;
use super::join::{Dimension, join};
use super::memo::remembered;
use super::set::{Groups, Names, Namespaces, Resources, UrlVerbs, Urls, Verbs};
use super::{AccessSet, Axis, Key, ResourceKey, Set, UrlKey};

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

/// The part of one dimension in a term; the most specific matching pattern decides.
///
/// Cheap to clone: terms mostly have the same few lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extent {
    /// Whether everything is included, except `except`.
    pub all: bool,
    /// The included patterns, sorted.
    pub listed: Texts,
    /// The excluded patterns, sorted.
    pub except: Texts,
}

impl PartialOrd for Extent {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Extent {
    fn cmp(&self, other: &Self) -> Ordering {
        let in_order = |one: &Texts, other: &Texts| match Arc::ptr_eq(one, other) {
            true => Ordering::Equal,
            false => one.cmp(other),
        };
        let by_listed = || in_order(&self.listed, &other.listed);
        self.all
            .cmp(&other.all)
            .then_with(by_listed)
            .then_with(|| in_order(&self.except, &other.except))
    }
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
                    namespaces: Extent::default(),
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

impl Extent {
    /// Returns the extent that includes everything.
    pub fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Returns the extent of a list, sorted and without duplicates.
    pub fn of_list<T: Into<Text>>(listed: impl IntoIterator<Item = T>) -> Self {
        let mut listed: Vec<Text> = listed.into_iter().map(Into::into).collect();
        listed.sort();
        listed.dedup();
        Self { listed: listed.into(), ..Self::default() }
    }

    /// Returns the included patterns, where one stands for everything.
    pub fn patterns(&self, everything: &str) -> Vec<Text> {
        if self.all { vec![everything.into()] } else { self.listed.to_vec() }
    }

    /// Returns whether everything is included without exceptions.
    pub fn is_everything(&self) -> bool {
        self.all && self.except.is_empty()
    }

    fn of<K: Key>(patterns: &Patterns<K>) -> Self {
        let written = |keys: &[K]| keys.iter().map(Key::written).collect();
        Self {
            all: patterns.all,
            listed: written(&patterns.listed),
            except: written(&patterns.except),
        }
    }

    pub(super) fn to_axis<K: Key, S: Set>(
        &self,
        set: &S,
        key: impl Fn(&Text) -> Option<K>,
    ) -> Axis<K, S> {
        let listed = self.listed.iter().filter_map(|text| Some((key(text)?, set.clone())));
        let except = self.except.iter().filter_map(|text| Some((key(text)?, S::nothing())));
        let keys: BTreeMap<K, S> = listed.chain(except).collect();
        Axis::build(if self.all { set.clone() } else { S::nothing() }, keys)
    }
}

impl fmt::Display for Extent {
    /// Writes `get, list` or `* except get`; writes an empty text as `""`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Text::from("*");
        let included = self.all.then_some(&all).into_iter().chain(self.listed.iter());
        write_list(formatter, included)?;
        if !self.except.is_empty() {
            formatter.write_str(" except ")?;
            write_list(formatter, &*self.except)?;
        }
        Ok(())
    }
}

fn write_list<'a>(
    formatter: &mut fmt::Formatter<'_>,
    texts: impl IntoIterator<Item = &'a Text>,
) -> fmt::Result {
    for (position, text) in texts.into_iter().enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        let text = if text.is_empty() { "\"\"" } else { text };
        write!(formatter, "{separator}{text}")?;
    }
    Ok(())
}
