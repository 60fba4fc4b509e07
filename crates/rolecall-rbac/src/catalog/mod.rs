//! The resources of a server: names, scope, verbs and subresources.

use std::collections::{BTreeSet, HashMap};

use rustc_hash::FxBuildHasher;

use crate::preference::GroupOrder;
use crate::{
    Request, ResourceRequest, Text, checked_subresources, edit_distance_within,
    is_checked_subresource,
};

/// The resources that a server serves, and virtual ones that exist only in authorization checks.
///
/// The evaluator does not need it; it turns users' input into [`Request`]s.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    resources: Vec<ServedResource>,
    /// Positions, most preferred first, by lower-case plural, singular, kind and short name.
    by_name: HashMap<Text, Vec<u32>, FxBuildHasher>,
    pub(crate) order: GroupOrder,
    /// The API groups whose resources are not all known.
    unread: BTreeSet<Text>,
}

/// One resource of an API group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServedResource {
    /// The API group; empty for core.
    pub group: Text,
    /// The plural, as rules write it.
    pub resource: Text,
    /// The singular.
    pub singular: Text,
    /// The kind.
    pub kind: Text,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Short names, such as `deploy`.
    pub short_names: Vec<Text>,
    /// The served verbs; for virtual resources, the verbs that are checked.
    pub verbs: Vec<Text>,
    /// Subresources.
    pub subresources: Vec<Subresource>,
    /// Whether Kubernetes itself does not serve it: it exists only in authorization checks, such as
    /// `users` for `impersonate`, or belongs to a well-known extension.
    pub is_virtual: bool,
}

/// A subresource, such as `log` of `pods`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subresource {
    /// The name without its parent.
    pub name: Text,
    /// Verbs that the server serves.
    pub verbs: Vec<Text>,
}

/// A resource argument resolved to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<'a> {
    /// The API group; `*` for any.
    pub group: Text,
    /// The plural, or `*`.
    pub resource: Text,
    /// The subresource; empty for none.
    pub subresource: Text,
    /// The served resource of that name, if any.
    pub served: Option<&'a ServedResource>,
}

/// The reason why a resource argument cannot be resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResolveError {
    /// No served resource has that name.
    UnknownResource {
        /// The argument.
        resource: String,
        /// Served names with a similar spelling.
        similar: Vec<String>,
    },
    /// The resource is served, but not this subresource.
    UnknownSubresource {
        /// The resource as rules write it.
        resource: String,
        /// The subresource that is not served.
        subresource: String,
        /// The served subresources.
        served: Vec<String>,
    },
    /// The argument is not a valid resource name.
    Malformed {
        /// The argument.
        resource: String,
    },
}

impl std::fmt::Display for ResolveError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownResource { resource, .. } => {
                write!(formatter, "no served resource is named `{resource}`")
            }
            Self::UnknownSubresource { resource, subresource, .. } => {
                write!(formatter, "`{resource}` has no subresource `{subresource}`")
            }
            Self::Malformed { resource } => {
                write!(formatter, "`{resource}` is not a resource name")
            }
        }
    }
}

impl std::error::Error for ResolveError {}

/// The verb that allows kubelets to request tokens for an audience: the resource is the audience,
/// the name is a ServiceAccount's.
pub const TOKEN_AUDIENCE_VERB: &str = "request-serviceaccounts-token-audience";

/// The API group of the virtual resources for impersonation.
const AUTHENTICATION: &str = "authentication.k8s.io";
/// The API group of metrics-server.
const METRICS: &str = "metrics.k8s.io";
/// The verb of constrained impersonation of users (Kubernetes 1.36, docs/semantics.md#impersonation).
const AS_USER: &str = "impersonate:user-info";
/// The verbs of constrained impersonation of nodes.
const AS_NODE: [&str; 2] = ["impersonate:arbitrary-node", "impersonate:associated-node"];

/// A virtual resource: API group, plural, kind, whether it is namespaced, and verbs.
type VirtualResource = (&'static str, &'static str, &'static str, bool, &'static [&'static str]);

const VIRTUAL: [VirtualResource; 11] = [
    ("", "users", "User", false, &["impersonate"]),
    ("", "groups", "Group", false, &["impersonate"]),
    (AUTHENTICATION, "uids", "UID", false, &["impersonate", AS_USER]),
    (AUTHENTICATION, "userextras", "UserExtra", false, &["impersonate", AS_USER]),
    (AUTHENTICATION, "users", "User", false, &[AS_USER]),
    (AUTHENTICATION, "groups", "Group", false, &[AS_USER]),
    (AUTHENTICATION, "nodes", "Node", false, &AS_NODE),
    (AUTHENTICATION, "serviceaccounts", "ServiceAccount", true, &["impersonate:serviceaccount"]),
    // metrics-server serves these; Kubernetes defines the group without a server for it.
    (METRICS, "nodes", "NodeMetrics", false, &["get", "list"]),
    (METRICS, "pods", "PodMetrics", true, &["get", "list"]),
    ("certificates.k8s.io", "signers", "Signer", false, &["approve", "attest", "sign"]),
];

/// Collects served resources into a [`Catalog`].
#[derive(Clone, Debug, Default)]
pub struct CatalogBuilder {
    resources: Vec<ServedResource>,
    order: GroupOrder,
    unread: BTreeSet<Text>,
}

impl CatalogBuilder {
    /// Starts with only the virtual resources.
    pub fn new() -> Self {
        let row = |(group, resource, kind, namespaced, verbs): &VirtualResource| ServedResource {
            group: (*group).into(),
            resource: (*resource).into(),
            singular: resource.strip_suffix('s').unwrap_or(resource).into(),
            kind: (*kind).into(),
            namespaced: *namespaced,
            short_names: Vec::new(),
            verbs: verbs.iter().map(|verb| Text::from(*verb)).collect(),
            subresources: Vec::new(),
            is_virtual: true,
        };
        Self {
            resources: VIRTUAL.iter().map(row).collect(),
            order: GroupOrder::default(),
            unread: BTreeSet::new(),
        }
    }

    /// Adds an API group in the order in which the server lists them, which decides what a name
    /// without a group means.
    pub fn group(&mut self, group: Text) {
        self.order.push(group);
    }

    /// Adds an API group with resources that the server could not list.
    pub fn unread_group(&mut self, group: Text) {
        self.unread.insert(group);
    }

    /// Adds a served resource, which replaces an earlier one of the same group and name.
    pub fn add(&mut self, resource: ServedResource) {
        self.resources.push(resource);
    }

    /// Sorts and indexes the resources.
    pub fn build(self) -> Catalog {
        let mut by_key = std::collections::BTreeMap::new();
        for resource in self.resources {
            by_key.insert((resource.group.clone(), resource.resource.clone()), resource);
        }
        let resources: Vec<ServedResource> = by_key.into_values().collect();
        let mut by_name: HashMap<Text, Vec<u32>, FxBuildHasher> = HashMap::default();
        for (resource, position) in resources.iter().zip(0..) {
            let names = [&resource.resource, &resource.singular, &resource.kind];
            for name in names.into_iter().chain(&resource.short_names) {
                let positions = by_name.entry(name.to_lowercase().into()).or_default();
                if !positions.contains(&position) {
                    positions.push(position);
                }
            }
        }
        for (name, positions) in &mut by_name {
            positions.sort_by_key(|position| {
                let resource = resources.get(*position as usize);
                resource.map(|resource| self.order.preference(resource, name))
            });
        }
        Catalog { resources, by_name, order: self.order, unread: self.unread }
    }
}

impl Catalog {
    /// Returns all resources, virtual ones included, sorted by group and name.
    pub fn resources(&self) -> &[ServedResource] {
        &self.resources
    }

    /// Returns a builder with the resources of this catalog.
    pub fn to_builder(&self) -> CatalogBuilder {
        CatalogBuilder {
            resources: self.resources.clone(),
            order: self.order.clone(),
            unread: self.unread.clone(),
        }
    }

    /// Returns whether an API group can serve more resources than the catalog contains, because its
    /// server did not respond.
    pub fn is_unread(&self, group: &str) -> bool {
        self.unread.contains(group)
    }

    /// Returns the resource with that group and plural.
    pub fn get(&self, group: &str, resource: &str) -> Option<&ServedResource> {
        let position = self
            .resources
            .binary_search_by(|candidate| {
                (&*candidate.group, &*candidate.resource).cmp(&(group, resource))
            })
            .ok()?;
        self.resources.get(position)
    }

    /// Returns the resources that a plural, singular, kind or short name can mean, most preferred
    /// first.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &ServedResource> {
        self.by_name
            .get(&*name.to_lowercase())
            .into_iter()
            .flatten()
            .filter_map(|position| self.resources.get(*position as usize))
    }

    /// Returns whether a resource is namespaced; `None` if it is not served.
    pub fn is_namespaced(&self, group: &str, resource: &str) -> Option<bool> {
        self.get(group, resource).map(|resource| resource.namespaced)
    }

    /// Resolves `pods`, `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`, `pods/log`,
    /// `*.apps`, `*` (any resource of any group) or `*/scale`.
    ///
    /// A resource with a group that is not served resolves to itself, because another cluster can
    /// have it as a custom resource. A name without a group must be served.
    pub fn resolve(&self, argument: &str) -> Result<Resolved<'_>, ResolveError> {
        // Virtual `userextras/KEY` takes its key as a subresource.
        let (head, subresource) = argument.split_once('/').unwrap_or((argument, ""));
        if let Some(usual) = self.with_group_first(head, subresource) {
            return self.resolve(&usual);
        }
        let malformed = || ResolveError::Malformed { resource: argument.to_owned() };
        if head.is_empty()
            || (argument.contains('/') && subresource.is_empty())
            || argument.chars().any(|c| c.is_whitespace() || c.is_control() || c == ',')
        {
            return Err(malformed());
        }
        let (name, group) = match head.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (head, None),
        };
        if name.is_empty() {
            return Err(malformed());
        }
        if name == "*" {
            return Ok(Resolved {
                group: group.unwrap_or("*").into(),
                resource: "*".into(),
                subresource: subresource.into(),
                served: None,
            });
        }
        // `deployments.v1.apps` has a version, which RBAC ignores.
        let served = match group {
            None => self.named(name).next(),
            Some(group) => self.named(name).find(|served| *served.group == *group).or_else(|| {
                let (version, rest) = group.split_once('.').unwrap_or((group, ""));
                is_version(version)
                    .then(|| self.named(name).find(|served| *served.group == *rest))
                    .flatten()
            }),
        };
        match (served, group) {
            (Some(served), _) => {
                if !subresource.is_empty()
                    && !serves_any_subresource(served)
                    && !is_checked_subresource(&served.group, &served.resource, subresource)
                    && !served.subresources.iter().any(|known| *known.name == *subresource)
                {
                    return Err(ResolveError::UnknownSubresource {
                        resource: with_group(&served.resource, &served.group),
                        subresource: subresource.to_owned(),
                        served: served
                            .subresources
                            .iter()
                            .map(|known| known.name.to_string())
                            .chain(
                                checked_subresources(&served.group, &served.resource)
                                    .map(str::to_owned),
                            )
                            .collect::<BTreeSet<String>>()
                            .into_iter()
                            .collect(),
                    });
                }
                Ok(Resolved {
                    group: served.group.clone(),
                    resource: served.resource.clone(),
                    subresource: subresource.into(),
                    served: Some(served),
                })
            }
            (None, Some(group)) => Ok(Resolved {
                group: group.into(),
                resource: name.into(),
                subresource: subresource.into(),
                served: None,
            }),
            (None, None) => Err(ResolveError::UnknownResource {
                resource: head.to_owned(),
                similar: self.similar(name),
            }),
        }
    }

    /// Resolves an argument like [`resolve`](Self::resolve), for a verb: servers check constrained
    /// impersonation against resources in the group `authentication.k8s.io`, and the audience of a token
    /// as a resource.
    pub fn resolve_for(&self, verb: &str, argument: &str) -> Result<Resolved<'_>, ResolveError> {
        if verb == TOKEN_AUDIENCE_VERB {
            // Any text is an audience, including URLs.
            return Ok(Resolved {
                group: "".into(),
                resource: argument.into(),
                subresource: "".into(),
                served: None,
            });
        }
        let (head, key) = argument.split_once('/').unwrap_or((argument, ""));
        let mut identities =
            self.named(head).filter_map(|served| self.get(AUTHENTICATION, &served.resource));
        match identities.find(|served| served.is_virtual) {
            Some(identity) if verb.starts_with("impersonate:") => {
                let separator = if argument.contains('/') { "/" } else { "" };
                self.resolve(&format!("{}.{AUTHENTICATION}{separator}{key}", identity.resource))
            }
            _ => self.resolve(argument),
        }
    }

    /// Rewrites `widgets/status.example.org`, the form in servers' messages, to
    /// `widgets.example.org/status`. Object names can contain dots too, so the name must be a known
    /// subresource.
    fn with_group_first(&self, head: &str, subresource: &str) -> Option<String> {
        let (subresource, group) = subresource.split_once('.')?;
        let is_group =
            group.contains('.') || self.resources.iter().any(|served| *served.group == *group);
        let is_meant = !head.contains('.')
            && is_group
            && self.has_subresource(subresource)
            && !self.named(head).any(serves_any_subresource);
        is_meant.then(|| format!("{head}.{group}/{subresource}"))
    }

    /// Builds the request for a resolved resource, in the scope in which servers authorize that
    /// verb ([`RequestScope`](crate::RequestScope)).
    pub fn request(
        &self,
        verb: &str,
        resolved: &Resolved<'_>,
        namespace: &str,
        name: &str,
    ) -> Request {
        let namespace = self.namespace_asked(resolved, verb, namespace, name);
        Request::resource(
            verb,
            ResourceRequest {
                namespace: namespace.into(),
                group: resolved.group.clone(),
                resource: resolved.resource.clone(),
                subresource: resolved.subresource.clone(),
                name: name.into(),
            },
        )
    }

    /// Returns up to three served plurals with the most similar spelling.
    pub fn similar(&self, name: &str) -> Vec<String> {
        let name = name.to_lowercase();
        let limit = (name.chars().count() / 4).max(1);
        let mut scored: Vec<(usize, String)> = self
            .resources
            .iter()
            // A misspelled name rarely means `pods` or `nodes` of this group.
            .filter(|served| *served.group != *METRICS)
            .filter_map(|served| {
                // Short names are too short for a meaningful distance.
                let distance = [&served.resource, &served.singular]
                    .into_iter()
                    .filter_map(|candidate| edit_distance_within(candidate, &name, limit))
                    .min()?;
                Some((distance, with_group(&served.resource, &served.group)))
            })
            .collect();
        scored.sort();
        scored.dedup();
        let nearest = scored.first().map_or(0, |(distance, _)| *distance);
        let nearest = scored.into_iter().filter(|(distance, _)| *distance == nearest);
        nearest.take(3).map(|(_, name)| name).collect()
    }
}

impl Resolved<'_> {
    /// Returns `resource.group/subresource` as users write it.
    pub fn display(&self) -> String {
        let mut text = with_group(&self.resource, &self.group);
        if !self.subresource.is_empty() {
            text.push('/');
            text.push_str(&self.subresource);
        }
        text
    }
}

/// `userextras` accepts any key as its subresource.
fn serves_any_subresource(resource: &ServedResource) -> bool {
    resource.is_virtual && *resource.resource == *"userextras"
}

fn is_version(text: &str) -> bool {
    text.strip_prefix('v')
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
}

/// Writes `deployments/scale` of group `apps` as `deployments.apps/scale`.
pub fn with_group(resource: &str, group: &str) -> String {
    match (group, resource.split_once('/')) {
        ("", _) => resource.to_owned(),
        (group, None) => format!("{resource}.{group}"),
        (group, Some((parent, subresource))) => format!("{parent}.{group}/{subresource}"),
    }
}

#[cfg(test)]
mod tests;
