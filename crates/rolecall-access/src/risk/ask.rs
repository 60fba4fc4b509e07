use rolecall_rbac::{Request, ResourceRequest};

use crate::KubernetesVersion;

/// Requests of which one is enough: the product of verbs, resources and names.
#[derive(Debug)]
pub struct Asks {
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
    names: Names,
    /// Where the requests are made.
    pub scope: Scope,
    /// Servers of this minor version and later do not count.
    before: Option<u16>,
}

/// The objects of [`Asks`].
#[derive(Clone, Copy, Debug)]
enum Names {
    /// Any object, or the collection where the verb names none.
    Any,
    /// One of these, which are worth as much as all.
    Only(&'static [&'static str]),
}

/// Where requests are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In any namespace.
    Namespaced,
    /// In `kube-system` alone.
    System,
    /// At the cluster scope, where RoleBindings do not count.
    Cluster,
}

/// A string that no rule lists, because nothing is called so.
pub const ANYTHING: &str = "\u{0}";

impl Asks {
    /// Returns requests about any object of namespaced resources.
    pub const fn new(
        verbs: &'static [&'static str],
        group: &'static str,
        resources: &'static [&'static str],
    ) -> Self {
        Self { verbs, group, resources, names: Names::Any, scope: Scope::Namespaced, before: None }
    }

    /// Returns requests about any object of cluster-scoped resources.
    pub const fn cluster(
        verbs: &'static [&'static str],
        group: &'static str,
        resources: &'static [&'static str],
    ) -> Self {
        Self { scope: Scope::Cluster, ..Self::new(verbs, group, resources) }
    }

    /// Limits the requests to some objects.
    pub const fn only(self, names: &'static [&'static str]) -> Self {
        Self { names: Names::Only(names), ..self }
    }

    /// Limits the requests to `kube-system`.
    pub const fn in_system(self) -> Self {
        Self { scope: Scope::System, ..self }
    }

    /// Limits the requests to servers before a minor version.
    pub const fn before(self, minor: u16) -> Self {
        Self { before: Some(minor), ..self }
    }

    /// Returns the requests, without a namespace; none if the version is too new.
    pub fn requests(&self, version: KubernetesVersion) -> Vec<Request> {
        if self.before.is_some_and(|minor| version.minor >= minor) {
            return Vec::new();
        }
        let mut requests = Vec::new();
        for verb in self.verbs {
            for combined in self.resources {
                let (resource, subresource) = combined.split_once('/').unwrap_or((combined, ""));
                let collection = subresource.is_empty()
                    && matches!(*verb, "create" | "list" | "watch" | "deletecollection");
                let names = match self.names {
                    Names::Only(names) => names,
                    Names::Any if collection => &[""],
                    Names::Any => &[ANYTHING],
                };
                requests.extend(names.iter().map(|name| {
                    Request::resource(
                        *verb,
                        ResourceRequest {
                            group: self.group.into(),
                            resource: resource.into(),
                            subresource: subresource.into(),
                            name: (*name).into(),
                            ..ResourceRequest::default()
                        },
                    )
                }));
            }
        }
        requests
    }
}
