use rolecall_rbac::{Request, ResourceRequest};

use crate::KubernetesVersion;

/// Alternative requests: one from the product of verbs, resources and names is enough.
#[derive(Debug)]
pub struct Asks {
    verbs: &'static [&'static str],
    group: &'static str,
    resources: &'static [&'static str],
    names: Names,
    /// The scope of the requests.
    pub scope: Scope,
    /// The first minor version that does not have the risk.
    before: Option<u16>,
}

/// The object names of [`Asks`].
#[derive(Clone, Copy, Debug)]
enum Names {
    /// Any object, or the collection if the verb has no name.
    Any,
    /// One of these objects, each as powerful as all objects.
    Only(&'static [&'static str]),
}

/// The scope of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In any namespace.
    Namespaced,
    /// Only in `kube-system`.
    System,
    /// At the cluster scope, where RoleBindings do not apply.
    Cluster,
}

/// A placeholder that only `*` matches, because nothing has this name.
pub const ANYTHING: &str = "\u{0}";

impl Asks {
    /// Returns requests for any object of namespaced resources.
    pub const fn new(
        verbs: &'static [&'static str],
        group: &'static str,
        resources: &'static [&'static str],
    ) -> Self {
        Self { verbs, group, resources, names: Names::Any, scope: Scope::Namespaced, before: None }
    }

    /// Returns requests for any object of cluster-scoped resources.
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

    /// Returns the requests, without namespaces; none if the version is too new.
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
