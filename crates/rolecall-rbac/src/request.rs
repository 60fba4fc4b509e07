//! Access requests: the attributes that the server's authorizer receives.

use std::fmt;

use crate::Text;

/// One access request, as the authorizer receives it (docs/semantics.md#request-attributes).
///
/// The evaluator uses it literally: requests for cluster-scoped resources must have an empty
/// namespace, as [`Catalog::request`](crate::Catalog::request) ensures.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// The verb, compared byte for byte.
    pub verb: Text,
    /// The resource or path.
    pub target: Target,
}

/// The target of a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A resource.
    Resource(ResourceRequest),
    /// The URL path of a non-resource request.
    Path(Text),
}

/// The attributes of a resource request; an absent attribute is empty.
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
    /// The object's name; empty for requests for a whole collection.
    pub name: Text,
}

impl Request {
    /// Returns a request for a resource.
    pub fn resource(verb: impl Into<Text>, target: ResourceRequest) -> Self {
        Self { verb: verb.into(), target: Target::Resource(target) }
    }

    /// Returns a non-resource request.
    pub fn path(verb: impl Into<Text>, path: impl Into<Text>) -> Self {
        Self { verb: verb.into(), target: Target::Path(path.into()) }
    }

    /// Returns the request in another namespace; non-resource requests do not change.
    #[must_use]
    pub fn in_namespace(mut self, namespace: &str) -> Self {
        if let Target::Resource(target) = &mut self.target {
            target.namespace = namespace.into();
        }
        self
    }

    /// Returns the request without an object name, so for all objects and the whole collection.
    #[must_use]
    pub fn without_name(mut self) -> Self {
        if let Target::Resource(target) = &mut self.target {
            target.name = "".into();
        }
        self
    }

    /// Returns the namespace whose RoleBindings apply; empty if none do.
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
    /// Writes the server's text, starting at the verb: `list resource "pods" in API group "" in the
    /// namespace "ns"` (docs/semantics.md#refusals).
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
