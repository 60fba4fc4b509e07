//! Input that could not be read, and the decisions that it leaves open.

use std::fmt;

use crate::{Binding, Identity, Metadata, Origin, Role, RoleKind, Text, is_template};

/// A part of the input that could not be read and might contain a grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// The missing part.
    pub unread: Unread,
    /// The reason, in the words of the server or parser.
    pub because: Text,
    /// The position, if it is in a file.
    pub origin: Origin,
}

/// The extent of a [`Gap`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unread {
    /// A document or file that might contain any object.
    Anything,
    /// All objects of a kind, in one namespace or, if `None`, in all of them.
    Kind {
        /// The kind.
        kind: ObjectKind,
        /// The namespace that could not be listed.
        namespace: Option<Text>,
    },
    /// All objects of a kind outside the namespaces that were read.
    KindOutside {
        /// The kind, which is namespaced.
        kind: ObjectKind,
        /// The namespaces that were read, sorted.
        read: Box<[Text]>,
    },
    /// One object.
    Object {
        /// The kind.
        kind: ObjectKind,
        /// The namespace; empty for cluster-scoped kinds.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// Another authorizer of the server's chain, such as Node or a webhook, which rolecall cannot
    /// evaluate.
    Authorizer {
        /// The name in the server's flags.
        name: Text,
    },
}

/// The kinds of objects in an inventory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectKind {
    /// ClusterRole.
    ClusterRole,
    /// ClusterRoleBinding.
    ClusterRoleBinding,
    /// Role.
    Role,
    /// RoleBinding.
    RoleBinding,
    /// ServiceAccount.
    ServiceAccount,
    /// Namespace.
    Namespace,
    /// A Pod, a workload kind, or any other kind that decisions do not depend on.
    Other(Text),
}

impl ObjectKind {
    /// Returns the kind with that name.
    pub fn new(kind: &str) -> Self {
        match kind {
            "ClusterRole" => Self::ClusterRole,
            "ClusterRoleBinding" => Self::ClusterRoleBinding,
            "Role" => Self::Role,
            "RoleBinding" => Self::RoleBinding,
            "ServiceAccount" => Self::ServiceAccount,
            "Namespace" => Self::Namespace,
            other => Self::Other(other.into()),
        }
    }

    /// Returns the kind's name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ClusterRole => "ClusterRole",
            Self::ClusterRoleBinding => "ClusterRoleBinding",
            Self::Role => "Role",
            Self::RoleBinding => "RoleBinding",
            Self::ServiceAccount => "ServiceAccount",
            Self::Namespace => "Namespace",
            Self::Other(kind) => kind,
        }
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl Gap {
    /// Returns the gap that makes a "no" for a node uncertain.
    pub(crate) fn node_authorizer() -> Self {
        Self {
            unread: Unread::Authorizer { name: "Node".into() },
            because: "it can allow more than roles and bindings".into(),
            origin: Origin::default(),
        }
    }

    /// Returns whether the gap can hide a binding that applies to requests in `namespace`.
    ///
    /// Cluster-scoped and non-resource requests have an empty namespace, for which the server reads
    /// only ClusterRoleBindings.
    pub fn may_hide_binding(&self, namespace: &str) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind, .. } | Unread::Object { kind, .. }
                if *kind == ObjectKind::ClusterRoleBinding =>
            {
                true
            }
            Unread::Kind { kind: ObjectKind::RoleBinding, namespace: unread } => {
                !namespace.is_empty() && unread.as_deref().is_none_or(|unread| unread == namespace)
            }
            Unread::KindOutside { kind: ObjectKind::RoleBinding, read } => {
                !namespace.is_empty() && !is_among(namespace, read)
            }
            Unread::Object { kind: ObjectKind::RoleBinding, namespace: unread, .. } => {
                !namespace.is_empty() && **unread == *namespace
            }
            _ => false,
        }
    }

    /// Returns whether the gap can hide a binding in any namespace.
    pub fn may_hide_any_binding(&self) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind, .. }
            | Unread::KindOutside { kind, .. }
            | Unread::Object { kind, .. } => {
                matches!(kind, ObjectKind::RoleBinding | ObjectKind::ClusterRoleBinding)
            }
            Unread::Authorizer { .. } => false,
        }
    }

    /// Returns whether the gap can hide the ClusterRole (empty namespace) or Role of that name.
    pub fn may_hide_role(&self, namespace: &str, name: &str) -> bool {
        let wanted = if namespace.is_empty() { ObjectKind::ClusterRole } else { ObjectKind::Role };
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind, namespace: unread } => {
                *kind == wanted && unread.as_deref().is_none_or(|unread| unread == namespace)
            }
            Unread::KindOutside { kind, read } => *kind == wanted && !is_among(namespace, read),
            Unread::Object { kind, namespace: unread, name: unread_name } => {
                *kind == wanted && **unread == *namespace && **unread_name == *name
            }
            Unread::Authorizer { .. } => false,
        }
    }

    /// Returns whether the gap can hide a binding's role.
    pub fn may_hide_role_of(&self, binding: &Binding) -> bool {
        let role_ref = &binding.role_ref;
        let is_template =
            || is_template(&role_ref.name) || is_template(&binding.metadata.namespace);
        if self.is_at(&binding.metadata) && is_template() {
            return true;
        }
        match role_ref.kind {
            RoleKind::ClusterRole => self.may_hide_role("", &role_ref.name),
            RoleKind::Role => {
                !binding.is_cluster_role_binding()
                    && self.may_hide_role(&binding.metadata.namespace, &role_ref.name)
            }
            RoleKind::Other(_) => false,
        }
    }

    /// Returns whether the gap can hide rules of a role that was read: its own, if they contain a
    /// placeholder, or those of a ClusterRole that it aggregates.
    pub fn may_hide_rules_of(&self, role: &Role) -> bool {
        let is_role = || match &self.unread {
            Unread::Object { kind, namespace, name } => {
                kind.as_str() == role.kind()
                    && *namespace == role.metadata.namespace
                    && *name == role.metadata.name
            }
            _ => false,
        };
        let is_aggregated = role.aggregation.is_some() && !role.metadata.stored;
        (is_aggregated && self.may_hide_cluster_role()) || is_role()
    }

    /// Returns whether the gap leaves the ServiceAccount of an identity unknown: its name is a
    /// placeholder in the object that the gap is about.
    pub fn may_hide_identity(&self, identity: &Identity) -> bool {
        identity.as_service_account().is_some_and(|account| {
            let is_account = |kind: &ObjectKind| {
                matches!(kind, ObjectKind::ServiceAccount | ObjectKind::Other(_))
            };
            account.is_template()
                && match &self.unread {
                    Unread::Kind { kind, .. } | Unread::Object { kind, .. } => is_account(kind),
                    _ => false,
                }
        })
    }

    /// Returns whether the gap is in the document that an object was read from.
    fn is_at(&self, metadata: &Metadata) -> bool {
        self.origin == metadata.origin
            && matches!(&self.origin, Origin::File { line, .. } if *line > 0)
    }

    /// Returns whether the gap can hide the object of a kind, namespace (empty for cluster-scoped
    /// kinds) and name.
    pub fn may_hide(&self, kind: &ObjectKind, namespace: &str, name: &str) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind: unread_kind, namespace: unread } => {
                unread_kind == kind && unread.as_deref().is_none_or(|unread| unread == namespace)
            }
            Unread::KindOutside { kind: unread_kind, read } => {
                unread_kind == kind && !is_among(namespace, read)
            }
            Unread::Object { kind: unread_kind, namespace: unread, name: unread_name } => {
                unread_kind == kind && **unread == *namespace && **unread_name == *name
            }
            Unread::Authorizer { .. } => false,
        }
    }

    /// Returns whether the gap can hide a ServiceAccount in a namespace.
    pub fn may_hide_service_account(&self, namespace: &str) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind: ObjectKind::ServiceAccount, namespace: unread } => {
                unread.as_deref().is_none_or(|unread| unread == namespace)
            }
            Unread::KindOutside { kind: ObjectKind::ServiceAccount, read } => {
                !is_among(namespace, read)
            }
            Unread::Object { kind: ObjectKind::ServiceAccount, namespace: unread, .. } => {
                **unread == *namespace
            }
            _ => false,
        }
    }

    /// Returns whether the gap can hide a Pod, or an object that creates Pods, in a namespace.
    pub fn may_hide_workload(&self, namespace: &str) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind: ObjectKind::Other(_), namespace: unread } => {
                unread.as_deref().is_none_or(|unread| unread == namespace)
            }
            Unread::KindOutside { kind: ObjectKind::Other(_), read } => !is_among(namespace, read),
            Unread::Object { kind: ObjectKind::Other(_), namespace: unread, .. } => {
                **unread == *namespace
            }
            _ => false,
        }
    }

    /// Returns whether the gap can hide a ClusterRole that an aggregated one would include.
    pub fn may_hide_cluster_role(&self) -> bool {
        match &self.unread {
            Unread::Anything => true,
            Unread::Kind { kind, .. } | Unread::Object { kind, .. } => {
                *kind == ObjectKind::ClusterRole
            }
            Unread::KindOutside { .. } | Unread::Authorizer { .. } => false,
        }
    }
}

fn is_among(namespace: &str, read: &[Text]) -> bool {
    read.iter().any(|read| **read == *namespace)
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unread {
            // A whole file, or a directory that needs a build.
            Unread::Anything if matches!(self.origin, Origin::File { line: 0, .. }) => {
                let path = self.origin.position().unwrap_or_default();
                return write!(formatter, "`{path}`: {}", self.because);
            }
            Unread::Anything => write!(formatter, "a document")?,
            // In a single file, the gap is one object of unknown name.
            Unread::Kind { kind, .. } if self.origin.position().is_some() => {
                write!(formatter, "a {kind}")?;
            }
            Unread::Kind { kind, namespace: None } => write!(formatter, "every {kind}")?,
            Unread::Kind { kind, namespace: Some(namespace) } => {
                write!(formatter, "every {kind} in namespace `{namespace}`")?;
            }
            Unread::KindOutside { kind, read } => {
                write!(formatter, "every {kind} outside namespace")?;
                if read.len() != 1 {
                    formatter.write_str("s")?;
                }
                for (position, namespace) in read.iter().enumerate() {
                    let separator = if position == 0 { "" } else { "," };
                    write!(formatter, "{separator} `{namespace}`")?;
                }
            }
            Unread::Object { kind, namespace, name } if namespace.is_empty() => {
                write!(formatter, "{kind} `{name}`")?;
            }
            Unread::Object { kind, namespace, name } => {
                write!(formatter, "{kind} `{namespace}/{name}`")?;
            }
            Unread::Authorizer { name } => write!(formatter, "the {name} authorizer")?,
        }
        if let Some(position) = self.origin.position() {
            write!(formatter, " at {position}")?;
        }
        write!(formatter, ": {}", self.because)
    }
}
