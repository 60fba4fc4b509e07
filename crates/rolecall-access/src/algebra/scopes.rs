use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Catalog, ServedResource, Text, verbs_asked_where_used};

use super::set::{Groups, Names, Namespaces, Resources, Urls, Verbs};
use super::{AccessSet, Axis, Operation, ReadableTerm, ResourceKey, Set, UrlKey, baseline};
use crate::known;

/// The requests that no client can make: those for cluster-scoped resources in a namespace, and
/// those for paths that do not start with `/`.
///
/// RoleBindings grant them anyway (docs/semantics.md#scopes). Requests for a Namespace are in that
/// Namespace, so only requests for other Namespaces are impossible there. Unknown resources might
/// be namespaced.
#[derive(Clone, Debug)]
pub struct Scopes {
    /// The impossible requests in any namespace, except those for Namespaces.
    elsewhere: Groups,
    /// The keys of Namespaces and their subresources.
    of_namespaces: Vec<ResourceKey>,
    /// The access that everyone has.
    baseline: AccessSet,
}

impl Scopes {
    /// Collects the cluster-scoped resources of catalogs; a resource that is namespaced in any of
    /// them is not included.
    pub fn of<'a>(catalogs: impl IntoIterator<Item = &'a Catalog>) -> Self {
        let mut cluster_scoped: BTreeMap<(&Text, &Text), BTreeSet<Text>> = BTreeMap::new();
        let mut namespaced = BTreeSet::new();
        for served in catalogs.into_iter().flat_map(Catalog::resources) {
            let key = (&served.group, &served.resource);
            match served.namespaced {
                true => drop(namespaced.insert(key)),
                false => cluster_scoped.entry(key).or_default().extend(subresources(served)),
            }
        }
        cluster_scoped.retain(|key, _| !namespaced.contains(key));
        let mut of_namespaces = Vec::new();
        let mut groups: BTreeMap<&Text, BTreeMap<ResourceKey, Verbs>> = BTreeMap::new();
        for ((group, resource), subresources) in cluster_scoped {
            let keys = subresources
                .into_iter()
                .map(|subresource| ResourceKey::Exact { resource: resource.clone(), subresource });
            match group.is_empty() && **resource == *"namespaces" {
                true => of_namespaces.extend(keys),
                false => {
                    let verbs = never_in_namespaces(group, resource);
                    let known = groups.entry(group).or_default();
                    known.extend(keys.map(|key| (key, verbs.clone())));
                }
            }
        }
        let groups = groups
            .into_iter()
            .map(|(group, resources)| (group.clone(), Resources::build(Set::nothing(), resources)));
        Self {
            elsewhere: Groups::build(Set::nothing(), groups),
            of_namespaces,
            baseline: baseline(),
        }
    }

    /// Returns the possible requests of a set.
    pub fn possible(&self, access: &AccessSet) -> AccessSet {
        let elsewhere = self.elsewhere_with_extras(access);
        let in_namespaces = |groups: &Groups| groups.combine(&elsewhere, Operation::Difference);
        let at_cluster_scope = access.resources.get(&"".into()).clone();
        let named = access.resources.named().iter().filter(|(namespace, _)| !namespace.is_empty());
        let named = named.map(|(namespace, groups)| {
            let mut possible = in_namespaces(groups);
            if self.has_namespaces(groups) {
                let of_others = self.of_other_namespaces(namespace);
                possible = possible.combine(&of_others, Operation::Difference);
            }
            (namespace.clone(), possible)
        });
        let named = std::iter::once(("".into(), at_cluster_scope)).chain(named);
        let resources = Namespaces::build(in_namespaces(access.resources.rest()), named);
        let urls = access.urls.combine(&impossible_urls(), Operation::Difference);
        AccessSet { resources, urls }
    }

    /// Returns possible access as terms for display, without exceptions for impossible requests or
    /// for access that everyone has.
    pub fn readable(&self, possible: &AccessSet) -> Vec<ReadableTerm> {
        possible.readable(|| self.optional(possible))
    }

    /// Returns whether access includes everything except impossible requests and the access that
    /// everyone has.
    pub fn is_everything(&self, access: &AccessSet) -> bool {
        // Nothing that is optional is in an unknown API group of an unknown namespace.
        *access.resources.rest().rest() == Resources::everything()
            && access.union(&self.optional(access)) == AccessSet::everything()
    }

    fn optional(&self, access: &AccessSet) -> AccessSet {
        self.impossible(access).union(&self.baseline)
    }

    /// Returns the impossible requests in each namespace that `access` names, and those in all
    /// other namespaces, without Namespaces.
    fn impossible(&self, access: &AccessSet) -> AccessSet {
        let elsewhere = self.elsewhere_with_extras(access);
        let named = access.resources.named().iter().map(|(namespace, _)| match &**namespace {
            "" => (namespace.clone(), Groups::nothing()),
            _ => (namespace.clone(), self.in_namespace(namespace, &elsewhere)),
        });
        let mut named: BTreeMap<Text, Groups> = named.collect();
        named.insert("".into(), Groups::nothing());
        AccessSet { resources: Namespaces::build(elsewhere, named), urls: impossible_urls() }
    }

    /// Returns `elsewhere` with the keys of `userextras` that `access` names: requests can have any key, so
    /// no catalog lists them.
    fn elsewhere_with_extras(&self, access: &AccessSet) -> Groups {
        let group = Text::from("authentication.k8s.io");
        let namespaces = access.resources.named().iter().map(|(_, groups)| groups);
        let keys: BTreeSet<ResourceKey> = namespaces
            .chain([access.resources.rest()])
            .flat_map(|groups| groups.get(&group).named())
            .map(|(key, _)| key)
            .filter(|key| {
                matches!(key, ResourceKey::Exact { resource, subresource }
                if **resource == *"userextras" && !subresource.is_empty())
            })
            .cloned()
            .collect();
        if keys.is_empty() {
            return self.elsewhere.clone();
        }
        let extras = Groups::at([group], &Resources::at(keys, &Verbs::everything()));
        self.elsewhere.combine(&extras, Operation::Union)
    }

    fn in_namespace(&self, namespace: &Text, elsewhere: &Groups) -> Groups {
        elsewhere.combine(&self.of_other_namespaces(namespace), Operation::Union)
    }

    /// Returns whether access includes requests for Namespaces.
    fn has_namespaces(&self, groups: &Groups) -> bool {
        let core = groups.get(&"".into());
        self.of_namespaces.iter().any(|key| !core.get(key).is_nothing())
    }

    /// Returns the requests for Namespaces that are impossible in a namespace.
    fn of_other_namespaces(&self, namespace: &Text) -> Groups {
        let others = Names::build(true, [(namespace.clone(), false)]);
        let verbs = Verbs::build(others, collection_verbs());
        let resources = Resources::at(self.of_namespaces.iter().cloned(), &verbs);
        Groups::at([Text::from("")], &resources)
    }
}

/// Returns the requests for paths that do not start with `/`.
fn impossible_urls() -> Urls {
    Urls::build(Set::everything(), [(UrlKey::Prefix("/".into()), Set::nothing())])
}

/// Returns the verbs that no client uses in a single Namespace.
fn collection_verbs() -> impl Iterator<Item = (Text, Names)> {
    ["deletecollection", "list"].into_iter().map(|verb| (verb.into(), Names::everything()))
}

/// Returns the subresources that servers authorize, and an empty one for the resource itself.
fn subresources(served: &ServedResource) -> impl Iterator<Item = Text> {
    let names = known::subresources_of(served).into_iter().map(Text::from);
    ["".into(), "finalizers".into()].into_iter().chain(names)
}

fn never_in_namespaces(group: &str, resource: &str) -> Verbs {
    let asked = verbs_asked_where_used(group, resource);
    let asked = asked.map(|verb| (Text::from(verb), Names::nothing()));
    Axis::build(Names::everything(), asked)
}
