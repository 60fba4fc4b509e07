use std::collections::BTreeMap;
use std::fmt;

use rolecall_rbac::Text;

use super::block::Patterns;
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
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Extent {
    /// Whether everything is included, except `except`.
    pub all: bool,
    /// The included patterns, sorted.
    pub listed: Vec<Text>,
    /// The excluded patterns, sorted.
    pub except: Vec<Text>,
}

impl AccessSet {
    /// Returns the set as few terms, sorted; they can overlap, like rules.
    pub fn terms(&self) -> Vec<AccessTerm> {
        let mut terms = Vec::new();
        for (namespaces, groups) in self.resources.blocks() {
            for (groups, resources) in groups.blocks() {
                for (resources, verbs) in resources.blocks() {
                    for (verbs, names) in verbs.blocks() {
                        for (names, _) in names.blocks() {
                            terms.push(ResourceTerm {
                                namespaces: Extent::of(&namespaces),
                                groups: Extent::of(&groups),
                                resources: Extent::of(&resources),
                                names: Extent::of(&names),
                                verbs: Extent::of(&verbs),
                            });
                        }
                    }
                }
            }
        }
        let terms = join(terms).into_iter().map(AccessTerm::Resources);
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
        Self { listed, ..Self::default() }
    }

    /// Returns the included patterns, where one stands for everything.
    pub fn patterns(&self, everything: &str) -> Vec<Text> {
        if self.all { vec![everything.into()] } else { self.listed.clone() }
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

    /// Adds another extent's list, unless the result is not a plain list.
    fn absorb(&mut self, other: &Self) -> bool {
        let is_list = |extent: &Self| !extent.all && extent.except.is_empty();
        if !is_list(self) || !is_list(other) {
            return false;
        }
        self.listed.extend(other.listed.iter().cloned());
        self.listed.sort();
        self.listed.dedup();
        true
    }
}

/// Merges terms that differ in only one dimension.
pub(super) fn join(mut terms: Vec<ResourceTerm>) -> Vec<ResourceTerm> {
    let dimensions: [fn(&mut ResourceTerm) -> &mut Extent; 4] = [
        |term| &mut term.resources,
        |term| &mut term.groups,
        |term| &mut term.namespaces,
        |term| &mut term.verbs,
    ];
    for dimension in dimensions {
        if terms.len() < 2 {
            break;
        }
        let apart = |mut term: ResourceTerm| {
            let extent = std::mem::take(dimension(&mut term));
            (term, extent)
        };
        let mut split: Vec<(ResourceTerm, Extent)> = terms.into_iter().map(apart).collect();
        split.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut joined: Vec<(ResourceTerm, Extent)> = Vec::with_capacity(split.len());
        // The start of the terms that differ only in this dimension.
        let mut start = 0;
        for (rest, extent) in split {
            if joined.last().is_none_or(|(last, _)| *last != rest) {
                start = joined.len();
            }
            let mut alike = joined.iter_mut().skip(start);
            if !alike.any(|(_, known)| known.absorb(&extent)) {
                joined.push((rest, extent));
            }
        }
        let together = |(mut term, extent): (ResourceTerm, Extent)| {
            *dimension(&mut term) = extent;
            term
        };
        terms = joined.into_iter().map(together).collect();
    }
    terms
}

impl fmt::Display for Extent {
    /// Writes `get, list` or `* except get`; writes an empty text as `""`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = Text::from("*");
        let included = self.all.then_some(&all).into_iter().chain(&self.listed);
        write_list(formatter, included)?;
        if !self.except.is_empty() {
            formatter.write_str(" except ")?;
            write_list(formatter, &self.except)?;
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
