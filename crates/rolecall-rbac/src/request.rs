//! What is asked: the attributes that the server's authorizer gets.

use std::fmt;

use crate::Text;

/// One access request, as the authorizer sees it (semantics §2).
///
/// The evaluator takes it literally: cluster-scoped resources must come with an empty namespace,
/// which [`Catalog::request`](crate::Catalog::request) sees to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// The verb, compared byte for byte.
    pub verb: Text,
    /// What the verb is done to.
    pub target: Target,
}

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A resource.
    Resource(ResourceRequest),
    /// The URL path of a non-resource request.
    Path(Text),
}

/// The attributes of a resource request; an empty text is an absent attribute.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceRequest {
    /// The namespace; empty for cluster-scoped resources and for all namespaces at once.
    pub namespace: Text,
    /// The API group; empty for core.
    pub group: Text,
    /// The plural resource.
    pub resource: Text,
    /// The subresource.
    pub subresource: Text,
    /// The object's name; empty for requests about a whole collection.
    pub name: Text,
}

impl Request {
    /// Returns a request about a resource.
    pub fn resource(verb: impl Into<Text>, target: ResourceRequest) -> Self {
        Self { verb: verb.into(), target: Target::Resource(target) }
    }

    /// Returns a non-resource request.
    pub fn path(verb: impl Into<Text>, path: impl Into<Text>) -> Self {
        Self { verb: verb.into(), target: Target::Path(path.into()) }
    }

    /// Returns the request in another namespace; a non-resource request has none.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        if let Target::Resource(target) = &mut self.target {
            target.namespace = namespace.into();
        }
        self
    }

    /// Returns the request without its object's name: for every object and the whole collection.
    #[must_use]
    pub fn without_name(mut self) -> Self {
        if let Target::Resource(target) = &mut self.target {
            target.name = "".into();
        }
        self
    }

    /// Returns the namespace whose RoleBindings count; empty when none do.
    pub fn namespace(&self) -> &str {
        match &self.target {
            Target::Resource(resource) => &resource.namespace,
            Target::Path(_) => "",
        }
    }
}

impl ResourceRequest {
    /// Returns `resource` or `resource/subresource`, as rules write it.
    pub fn combined(&self) -> Text {
        if self.subresource.is_empty() {
            self.resource.clone()
        } else {
            format!("{}/{}", self.resource, self.subresource).into()
        }
    }
}

impl fmt::Display for Request {
    /// Writes the server's own sentence, from the verb on: `list resource "pods" in API group "" in
    /// the namespace "ns"` (semantics §9).
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.target {
            Target::Path(path) => write!(formatter, "{} path {path:?}", self.verb),
            Target::Resource(target) => {
                write!(
                    formatter,
                    "{} resource {:?} in API group {:?}",
                    self.verb,
                    target.combined(),
                    target.group
                )?;
                if target.namespace.is_empty() {
                    write!(formatter, " at the cluster scope")
                } else {
                    write!(formatter, " in the namespace {:?}", target.namespace)
                }
            }
        }
    }
}
