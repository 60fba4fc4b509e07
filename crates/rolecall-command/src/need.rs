//! A request that a command line or workload makes.

use rolecall_rbac::Text;

/// A request that must be allowed, in one of several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The alternative verbs: one is enough.
    pub verbs: Vec<Text>,
    /// The target of the request.
    pub target: NeedTarget,
    /// Alternatives, each with all the requests that it requires. For example, `escalate` passes the escalation check.
    pub instead: Vec<Vec<Need>>,
}

/// The target of a [`Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedTarget {
    /// A resource.
    Resource {
        /// The API group.
        group: Text,
        /// The plural.
        resource: Text,
        /// The subresource; empty for none.
        subresource: Text,
        /// The name of the object.
        name: NeedName,
        /// The namespace.
        namespace: NeedNamespace,
    },
    /// A URL path.
    Path(Text),
}

/// The name in a [`Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedName {
    /// No name: a whole collection.
    Collection,
    /// A known name.
    Known(Text),
    /// A name that is only known at run time.
    Unknown,
}

/// The namespace of a [`Need`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeedNamespace {
    /// The Pod's own namespace.
    Own,
    /// A known namespace. Empty means all namespaces at once, or the cluster scope.
    Known(Text),
    /// A namespace that is only known at run time.
    Unknown,
    /// Every namespace that has such objects, so that only a grant for all of them suffices.
    Each,
}

impl Need {
    /// Builds a need about a collection or object of a resource.
    pub(crate) fn new(verb: &str, group: &str, resource: &str, name: NeedName) -> Self {
        Self {
            verbs: vec![verb.into()],
            target: NeedTarget::Resource {
                group: group.into(),
                resource: resource.into(),
                subresource: "".into(),
                name,
                namespace: NeedNamespace::Own,
            },
            instead: Vec::new(),
        }
    }

    /// Builds a need about a URL path.
    pub(crate) fn path(verb: &str, path: &str) -> Self {
        Self {
            verbs: vec![verb.into()],
            target: NeedTarget::Path(path.into()),
            instead: Vec::new(),
        }
    }

    /// Sets the subresource.
    pub(crate) fn of(mut self, wanted: &str) -> Self {
        if let NeedTarget::Resource { subresource, .. } = &mut self.target {
            *subresource = wanted.into();
        }
        self
    }

    /// Sets the namespace.
    pub(crate) fn in_namespace(mut self, wanted: &NeedNamespace) -> Self {
        if let NeedTarget::Resource { namespace, .. } = &mut self.target {
            *namespace = wanted.clone();
        }
        self
    }

    /// Adds an alternative verb.
    pub(crate) fn or(mut self, verb: &str) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// Adds an alternative that requires all of these requests.
    pub(crate) fn or_all(mut self, needs: Vec<Self>) -> Self {
        self.instead.push(needs);
        self
    }
}
