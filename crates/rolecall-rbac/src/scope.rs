//! In which scope servers ask about a resource: the one table that every command follows.

use crate::{Catalog, NamespaceSelection, Request, Resolved, Target, Text};

/// In which scope servers ask about a resource with some verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestScope {
    /// In the object's namespace, or with an empty one about all namespaces at once.
    Namespaced,
    /// At the cluster scope, where only ClusterRoleBindings count.
    Cluster,
    /// In the Namespace that the request names, as its URL does, or at the cluster scope when it
    /// names none (semantics §2).
    Itself,
    /// In the namespace where the right is used, or at the cluster scope when it is used there.
    ///
    /// The object is cluster-scoped, and still a RoleBinding can grant the right: a server asks for
    /// `bind` in the namespace of the binding that is written (semantics §8), and for `use` of a
    /// policy in the namespace of the Pod.
    WhereUsed,
}

impl RequestScope {
    /// Returns whether a RoleBinding can grant such requests.
    pub fn counts_role_bindings(self) -> bool {
        self != Self::Cluster
    }
}

/// Cluster-scoped resources with a verb that is asked where the right is used.
const ASKED_WHERE_USED: [(&str, &str, &str); 4] = [
    ("extensions", "podsecuritypolicies", "use"),
    ("policy", "podsecuritypolicies", "use"),
    ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("security.openshift.io", "securitycontextconstraints", "use"),
];

/// The verbs of requests about the collection of Namespaces, whose URL names none of them.
const COLLECTION_VERBS: [&str; 4] = ["create", "deletecollection", "list", "watch"];

/// Returns the verbs that are asked where the right is used, of a cluster-scoped resource.
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
    /// Returns the scope in which a resource is asked about with a verb; `None` when the resource is
    /// not known, and so may live in namespaces.
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

    /// Returns the scope in which a resolved resource is asked about with a verb.
    pub fn scope_of(&self, resolved: &Resolved<'_>, verb: &str) -> Option<RequestScope> {
        self.scope(&resolved.group, &resolved.resource, verb)
    }

    /// Returns the scope of a request; `None` for paths and for resources that are not known.
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

    /// Returns where bindings are looked for when a request is asked everywhere: in each namespace,
    /// unless no RoleBinding can grant it, or only those of one namespace can.
    pub fn everywhere(&self, request: &Request) -> NamespaceSelection {
        match self.scope_of_request(request) {
            Some(RequestScope::Cluster | RequestScope::Itself) => NamespaceSelection::OfRequest,
            Some(RequestScope::Namespaced | RequestScope::WhereUsed) | None => {
                NamespaceSelection::Each
            }
        }
    }

    /// Returns the namespace that a request is asked in: of one meant for `namespace`, about the
    /// object `name`.
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
