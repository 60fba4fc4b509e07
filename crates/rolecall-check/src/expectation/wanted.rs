use std::collections::BTreeSet;

use rolecall_rbac::{
    Catalog, ServedResource, Text, is_resource_path, resource_request_of, verbs_asked_where_used,
};

use super::subject::Known;
use super::{AccessEntry, EntryError, NamespacePattern, ResourceEntry, Target, Word};
use crate::known;
use rolecall_access::Holder;
use rolecall_access::{AccessSet, AccessTerm, Extent, ResourceTerm, UrlTerm};

/// The access of an entry that does not depend on the subject.
pub(super) struct Wanted {
    fixed: AccessSet,
    /// The access in the subject's own namespace.
    own: Vec<ResourceTerm>,
}

impl Wanted {
    /// Reads an entry, with the names of existing objects.
    pub(super) fn new(
        entry: &AccessEntry,
        word: Word,
        known: &Known<'_>,
        catalog: &Catalog,
    ) -> Result<Self, EntryError> {
        let mut wanted = Self { fixed: AccessSet::nothing(), own: Vec::new() };
        match &entry.target {
            Target::Urls(of) => {
                let (resources, urls): (Vec<Text>, Vec<Text>) =
                    of.urls.iter().cloned().partition(|url| is_of_resource(url));
                if !urls.is_empty() {
                    let term = UrlTerm { urls: url_extent(&urls), verbs: extent(&entry.verbs) };
                    wanted.fixed = AccessTerm::Urls(term).to_set();
                }
                for path in &resources {
                    for verb in &entry.verbs {
                        wanted.add_path(path, verb, word);
                    }
                }
            }
            Target::Resources(of) => {
                for resource in resources(&entry.verbs, of, catalog)? {
                    for Place { namespaces, names } in resource.places(of, word, known)? {
                        wanted.add(
                            ResourceTerm {
                                namespaces: Extent::everything(),
                                groups: resource.groups.clone(),
                                resources: resource.resources.clone(),
                                names,
                                verbs: resource.verbs.clone(),
                            },
                            namespaces,
                        );
                    }
                }
            }
        }
        Ok(wanted)
    }

    /// Adds the resource request that a server derives from a path.
    fn add_path(&mut self, path: &str, verb: &str, word: Word) {
        let Some(request) = resource_request_of(verb, path, "") else { return };
        let rolecall_rbac::Target::Resource(target) = &request.target else { return };
        let one = |text: &Text| extent(std::slice::from_ref(text));
        let namespaces = match (word, &*target.namespace) {
            // A grant for all namespaces at once is a grant in each.
            (Word::Only, "") => Extent::everything(),
            (_, namespace) => Extent::of_list([namespace]),
        };
        let names = match &*target.name {
            "" => Extent::everything(),
            name => Extent::of_list([name]),
        };
        let term = ResourceTerm {
            namespaces: Extent::everything(),
            groups: one(&target.group),
            resources: one(&target.combined()),
            names,
            verbs: one(&request.verb),
        };
        self.add(term, Namespaces::These(namespaces));
    }

    fn add(&mut self, term: ResourceTerm, namespaces: Namespaces) {
        match namespaces {
            Namespaces::Own => self.own.push(term),
            Namespaces::These(namespaces) => {
                let term = AccessTerm::Resources(ResourceTerm { namespaces, ..term });
                self.fixed = self.fixed.union(&term.to_set());
            }
        }
    }

    /// Returns the access of the entry for one subject.
    pub(super) fn of(&self, holder: &Holder) -> Result<AccessSet, EntryError> {
        let namespace = match holder {
            _ if self.own.is_empty() => return Ok(self.fixed.clone()),
            Holder::ServiceAccount { namespace, .. } => namespace,
            Holder::User(_) | Holder::Group(_) => return Err(EntryError::NoOwnNamespace),
        };
        let own = self.own.iter().map(|term| {
            let namespaces = Extent::of_list([namespace.clone()]);
            AccessTerm::Resources(ResourceTerm { namespaces, ..term.clone() })
        });
        Ok(own.fold(self.fixed.clone(), |set, term| set.union(&term.to_set())))
    }
}

/// One resource of an entry, with verbs that are checked in the same scope.
struct Resource {
    verbs: Extent,
    groups: Extent,
    resources: Extent,
    scope: Scope,
}

/// The scope of requests for a resource.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Namespaces, as far as is known.
    Namespaces,
    /// The cluster scope.
    Cluster,
    /// The cluster scope, and the named Namespace itself.
    NamespaceObjects,
}

/// The scope and the objects of a resource.
struct Place {
    namespaces: Namespaces,
    names: Extent,
}

enum Namespaces {
    Own,
    These(Extent),
}

fn resources(
    verbs: &[Text],
    entry: &ResourceEntry,
    catalog: &Catalog,
) -> Result<Vec<Resource>, EntryError> {
    let mut read = Vec::new();
    for resource in &entry.resources {
        match &entry.api_groups {
            Some(groups) => {
                let plural = resource.split_once('/').map_or(&**resource, |(plural, _)| plural);
                let served: Vec<_> =
                    groups.iter().map(|group| catalog.get(group, plural)).collect();
                let resources = extent(std::slice::from_ref(resource));
                read.extend(by_scope(verbs, extent(groups), resources, &served));
            }
            None => {
                let resolved = catalog.resolve(resource);
                let resolved = resolved.map_err(EntryError::UnknownResource)?;
                let unknown = || verbs.iter().find(|verb| !known::is_verb(verb));
                // Servers of custom resources can check their own verbs.
                if let (true, Some(verb)) = (known::is_built_in(&resolved.group), unknown()) {
                    return Err(EntryError::UnknownVerb { verb: verb.clone() });
                }
                let written = match (&*resolved.resource, &*resolved.subresource) {
                    (plural, "") => Text::from(plural),
                    (plural, subresource) => format!("{plural}/{subresource}").into(),
                };
                let groups = extent(std::slice::from_ref(&resolved.group));
                read.extend(by_scope(verbs, groups, extent(&[written]), &[resolved.served]));
            }
        }
    }
    Ok(read)
}

/// Splits verbs by the scope in which they are checked: `bind` on ClusterRoles, which are cluster-scoped, is
/// checked in namespaces.
fn by_scope(
    verbs: &[Text],
    groups: Extent,
    resources: Extent,
    served: &[Option<&ServedResource>],
) -> Vec<Resource> {
    let scope = scope(served);
    let asked_where_used: BTreeSet<&str> = served
        .iter()
        .flatten()
        .filter(|_| scope == Scope::Cluster)
        .flat_map(|served| verbs_asked_where_used(&served.group, &served.resource))
        .collect();
    let (mut in_namespaces, others): (Vec<Text>, Vec<Text>) =
        verbs.iter().cloned().partition(|verb| asked_where_used.contains(&**verb));
    if verbs.iter().any(|verb| **verb == *"*") {
        in_namespaces = asked_where_used.iter().map(|verb| Text::from(*verb)).collect();
    }
    [(others, scope), (in_namespaces, Scope::Namespaces)]
        .into_iter()
        .filter(|(verbs, _)| !verbs.is_empty())
        .map(|(verbs, scope)| Resource {
            verbs: extent(&verbs),
            groups: groups.clone(),
            resources: resources.clone(),
            scope,
        })
        .collect()
}

fn scope(served: &[Option<&ServedResource>]) -> Scope {
    let is_namespaces =
        |served: &ServedResource| served.group.is_empty() && &*served.resource == "namespaces";
    match served {
        [Some(served)] if is_namespaces(served) => Scope::NamespaceObjects,
        [] => Scope::Namespaces,
        _ if served.iter().all(|served| served.is_some_and(|served| !served.namespaced)) => {
            Scope::Cluster
        }
        _ => Scope::Namespaces,
    }
}

impl Resource {
    fn places(
        &self,
        entry: &ResourceEntry,
        word: Word,
        known: &Known<'_>,
    ) -> Result<Vec<Place>, EntryError> {
        let names = match &*entry.resource_names {
            [] => Extent::everything(),
            // `*` is a literal name here.
            names => Extent::of_list(names.iter().cloned()),
        };
        let these = |extent: Extent, names: &Extent| Place {
            namespaces: Namespaces::These(extent),
            names: names.clone(),
        };
        match (self.scope, word) {
            (Scope::Namespaces, _) => {
                let Some(patterns) = &entry.namespaces else {
                    return Ok(vec![these(Extent::everything(), &names)]);
                };
                let mut places = vec![these(named(patterns, word, known)?, &names)];
                if patterns.contains(&NamespacePattern::Own) {
                    places.push(Place { namespaces: Namespaces::Own, names });
                }
                Ok(places)
            }
            // RoleBindings cannot grant access to them.
            (Scope::Cluster | Scope::NamespaceObjects, Word::Only) => {
                Ok(vec![these(Extent::everything(), &names)])
            }
            (Scope::Cluster, _) => Ok(vec![these(Extent::of_list([""]), &names)]),
            (Scope::NamespaceObjects, Word::Can) if !entry.resource_names.is_empty() => {
                Ok(names.listed.iter().map(in_itself).collect())
            }
            (Scope::NamespaceObjects, _) => {
                let mut places = vec![these(Extent::of_list([""]), &names)];
                if word == Word::Cannot {
                    let exist = known.inventory.namespace_names().into_iter();
                    let meant = exist.filter(|name| names.all || names.listed.contains(name));
                    places.extend(meant.map(|name| in_itself(&name)));
                }
                Ok(places)
            }
        }
    }
}

/// A request for a named Namespace is checked in that namespace, according to its URL.
fn in_itself(name: &Text) -> Place {
    let only = Extent::of_list([name.clone()]);
    Place { namespaces: Namespaces::These(only.clone()), names: only }
}

/// Returns the namespaces that patterns match, without the subject's own namespace.
fn named(
    patterns: &[NamespacePattern],
    word: Word,
    known: &Known<'_>,
) -> Result<Extent, EntryError> {
    let exist = known.inventory.namespace_names();
    let mut names: BTreeSet<Text> = BTreeSet::new();
    for pattern in patterns {
        let glob = match pattern {
            NamespacePattern::Everywhere => return Ok(Extent::everything()),
            NamespacePattern::Own => continue,
            NamespacePattern::Named(glob) => Some(glob),
            NamespacePattern::Labelled(_) => None,
        };
        if let Some(name) = glob.and_then(|glob| glob.as_name()) {
            names.insert(name.clone());
            continue;
        }
        let before = names.len();
        let meant = exist.iter().filter(|name| pattern.matches(name, known.inventory));
        let meant: Vec<&Text> = meant.collect();
        let none = meant.is_empty();
        names.extend(meant.into_iter().cloned());
        match (word, glob) {
            // Namespaces that do not exist yet must not be accessible either.
            (Word::Cannot, Some(glob)) => {
                names.extend(glob.fresh(|name| exist.iter().any(|known| **known == *name)));
            }
            _ if word != Word::Only && none && names.len() == before => {
                let pattern = glob.map_or_else(|| "selector".to_owned(), ToString::to_string);
                return Err(EntryError::NoNamespace { pattern });
            }
            _ => {}
        }
    }
    Ok(Extent::of_list(names))
}

fn extent(texts: &[Text]) -> Extent {
    match texts.iter().any(|text| &**text == "*") {
        true => Extent::everything(),
        false => Extent::of_list(texts.iter().cloned()),
    }
}

/// Returns whether a URL is the path of a resource; servers check the resource instead.
fn is_of_resource(url: &str) -> bool {
    !url.ends_with('*') && is_resource_path(url)
}

fn url_extent(urls: &[Text]) -> Extent {
    match urls.iter().any(|url| url.chars().all(|c| c == '*')) {
        true => Extent::everything(),
        false => Extent::of_list(urls.iter().cloned()),
    }
}
