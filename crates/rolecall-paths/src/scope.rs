//! Where rights apply, and the roles that identities hold there.

/// The position of a namespace in the list of all namespaces.
pub(crate) type NamespaceId = u32;

/// Where rights apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    /// Everywhere, including cluster-scoped resources.
    Cluster,
    /// In every namespace.
    Each,
    /// In one namespace.
    In(NamespaceId),
}

/// One namespace, or every namespace.
pub(crate) type Place = Option<NamespaceId>;

impl Scope {
    /// Returns the scope of rights in namespaces.
    pub(crate) fn of(place: Place) -> Self {
        place.map_or(Self::Each, Self::In)
    }

    /// Returns the namespaces of the scope.
    pub(crate) fn place(self) -> Place {
        match self {
            Self::Cluster | Self::Each => None,
            Self::In(namespace) => Some(namespace),
        }
    }
}

/// A role that an identity holds through a binding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// The position of the role.
    pub(crate) role: u32,
    /// The scope of the binding.
    pub(crate) scope: Scope,
    /// The position of the binding.
    pub(crate) binding: u32,
}
