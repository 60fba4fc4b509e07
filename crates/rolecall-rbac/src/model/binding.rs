use std::fmt;

use crate::{Metadata, Text};

/// A RoleBinding, or a ClusterRoleBinding when its namespace is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// The role whose rules are granted.
    pub role_ref: RoleRef,
    /// The subjects in their written order.
    pub subjects: Box<[Subject]>,
}

impl Binding {
    /// Returns whether this is a ClusterRoleBinding.
    pub fn is_cluster_role_binding(&self) -> bool {
        self.metadata.namespace.is_empty()
    }

    /// Returns `RoleBinding` or `ClusterRoleBinding`.
    pub fn kind(&self) -> &'static str {
        if self.is_cluster_role_binding() { "ClusterRoleBinding" } else { "RoleBinding" }
    }
}

/// A reference to a role; the server resolves it by kind and name alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRef {
    /// The API group as written; ignored by evaluation.
    pub api_group: Text,
    /// The kind.
    pub kind: RoleKind,
    /// The name.
    pub name: Text,
}

/// The kind in a roleRef.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RoleKind {
    /// A Role of the binding's namespace.
    Role,
    /// A ClusterRole.
    ClusterRole,
    /// Any other kind: the server reports `unsupported role reference kind` and grants nothing.
    Other(Text),
}

impl RoleKind {
    /// Returns the kind as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
            Self::Other(kind) => kind,
        }
    }
}

impl fmt::Display for RoleKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A subject of a binding.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// The kind.
    pub kind: SubjectKind,
    /// The name, compared byte for byte.
    pub name: Text,
    /// The namespace as written; empty if there is none. Ignored for users and groups.
    pub namespace: Text,
    /// The API group as written; ignored by evaluation.
    pub api_group: Text,
}

/// The kind of a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A user by name; a ServiceAccount is a user too.
    User,
    /// A group by name.
    Group,
    /// A ServiceAccount by namespace and name.
    ServiceAccount,
    /// Any other kind: never matches.
    Other(Text),
}

impl SubjectKind {
    /// Returns the kind as written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
            Self::ServiceAccount => "ServiceAccount",
            Self::Other(kind) => kind,
        }
    }
}

impl Subject {
    /// Returns the namespace of a ServiceAccount subject: its own, else the binding's. `None` for a
    /// ClusterRoleBinding's subject without a namespace, which matches nobody.
    pub fn effective_namespace<'a>(&'a self, binding: &'a Metadata) -> Option<&'a Text> {
        [&self.namespace, &binding.namespace].into_iter().find(|namespace| !namespace.is_empty())
    }
}
