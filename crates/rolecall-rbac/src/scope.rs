//! The scope in which servers authorize requests for a resource: the single table for all commands.

use crate::{Catalog, NamespaceSelection, Request, Resolved, Target, Text};

/// The scope in which servers authorize a verb on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestScope {
    /// The object's namespace, or an empty one for all namespaces at once.
    Namespaced,
    /// The cluster scope, where only ClusterRoleBindings apply.
    Cluster,
    /// The Namespace that the request's URL names, or the cluster scope if it names none
    /// (docs/semantics.md#scopes).
    Itself,
    /// The namespace where the permission is used, or the cluster scope if it is used there.
    ///
    /// The resource is cluster-scoped, and yet a RoleBinding can grant it: a server checks `bind`
    /// in the namespace of the new binding (docs/semantics.md#scopes), and `use` of a policy in the namespace
    /// of the Pod.
    WhereUsed,
}

impl RequestScope {
    /// Returns whether a RoleBinding can grant requests in this scope.
    pub fn counts_role_bindings(self) -> bool {
        self != Self::Cluster
    }
}

/// Verbs on cluster-scoped resources that servers check in the namespace where they are used.
const ASKED_WHERE_USED: [(&str, &str, &str); 4] = [
    ("extensions", "podsecuritypolicies", "use"),
    ("policy", "podsecuritypolicies", "use"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("security.openshift.io", "securitycontextconstraints", "use"),
];

/// Verbs on the collection of Namespaces, whose URL does not name a Namespace.
const COLLECTION_VERBS: [&str; 4] = ["create", "deletecollection", "list", "watch"];

/// Returns the verbs on a cluster-scoped resource that servers check where they are used.
pub fn verbs_asked_where_used<'a>(
    group: &'a str,
    resource: &'a str,
) -> impl Iterator<Item = &'static str> + use<'a> {
    ASKED_WHERE_USED
        .iter()
        .filter(move |(of, known, _)| *of == group && *known == resource)
        .map(|(.., verb)| *verb)
}

impl Catalog {
    /// Returns the scope of a verb on a resource; `None` if the resource is unknown and so could be
    /// namespaced.
    pub fn scope(&self, group: &str, resource: &str, verb: &str) -> Option<RequestScope> {
        if verbs_asked_where_used(group, resource).any(|asked| asked == verb) {
            return Some(RequestScope::WhereUsed);
        }
        let served = self.get(group, resource)?;
        Some(if served.namespaced {
            RequestScope::Namespaced
        } else if group.is_empty() && resource == "namespaces" && !COLLECTION_VERBS.contains(&verb)
        {
            RequestScope::Itself
        } else {
            RequestScope::Cluster
        })
    }

    /// Returns the scope of a verb on a resolved resource.
    pub fn scope_of(&self, resolved: &Resolved<'_>, verb: &str) -> Option<RequestScope> {
        self.scope(&resolved.group, &resolved.resource, verb)
    }

    /// Returns the scope of a request; `None` for paths and unknown resources.
    pub fn scope_of_request(&self, request: &Request) -> Option<RequestScope> {
        match &request.target {
            Target::Resource(target) => self.scope(&target.group, &target.resource, &request.verb),
            Target::Path(_) => None,
        }
    }

    /// Returns whether a RoleBinding can grant at least one of a rule's verbs on a resource.
    pub fn counts_in_role_binding(&self, group: &str, resource: &str, verbs: &[Text]) -> bool {
        verbs.iter().any(|verb| {
            let scope = self.scope(group, resource, verb);
            scope.is_none_or(RequestScope::counts_role_bindings)
                || (**verb == *"*" && verbs_asked_where_used(group, resource).next().is_some())
        })
    }

    /// Returns the verbs of a rule on `resource`, or on a subresource of it, that no RoleBinding can grant.
    pub fn verbs_beyond_role_bindings<'v>(
        &self,
        group: &str,
        resource: &str,
        verbs: &'v [Text],
    ) -> Vec<&'v str> {
        let parent = resource.split('/').next().unwrap_or(resource);
        let counts =
            |verb: &Text| self.counts_in_role_binding(group, parent, std::slice::from_ref(verb));
        // A subresource does not have the verbs of collections.
        if parent != resource && verbs.iter().any(counts) {
            return Vec::new();
        }
        verbs.iter().filter(|verb| !counts(verb)).map(|verb| &**verb).collect()
    }

    /// Returns the namespaces to search for bindings when a request is for any namespace: each one,
    /// unless no RoleBinding or only those of one namespace can grant it.
    pub fn everywhere(&self, request: &Request) -> NamespaceSelection {
        match self.scope_of_request(request) {
            Some(RequestScope::Cluster | RequestScope::Itself) => NamespaceSelection::OfRequest,
            Some(RequestScope::Namespaced | RequestScope::WhereUsed) | None => {
                NamespaceSelection::Each
            }
        }
    }

    /// Returns the namespace in which servers authorize a request for the object `name` in
    /// `namespace`.
    pub(crate) fn namespace_asked<'a>(
        &self,
        resolved: &Resolved<'_>,
        verb: &str,
        namespace: &'a str,
        name: &'a str,
    ) -> &'a str {
        match self.scope_of(resolved, verb) {
            Some(RequestScope::Cluster) => "",
            Some(RequestScope::Itself) => name,
            Some(RequestScope::Namespaced | RequestScope::WhereUsed) | None => namespace,
        }
    }
}
