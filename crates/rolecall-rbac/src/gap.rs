//! What could not be read, and which answers that leaves open.

use std::fmt;

use crate::{Binding, Origin, RoleKind, Text};

/// Something that could not be read, and so may hide a grant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gap {
    /// What is missing.
    pub unread: Unread,
    /// Why it is missing: the server's or the parser's words.
    pub because: Text,
    /// Where it stands, when it stands in a file.
    pub origin: Origin,
}

/// The extent of a [`Gap`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unread {
    /// A document or file that may have held any object.
    Anything,
    /// All objects of a kind, in one namespace or (`None`) in all of them.
    Kind {
        /// The kind.
        kind: ObjectKind,
        /// The namespace that could not be listed.
        namespace: Option<Text>,
    },
    /// All objects of a kind outside of the namespaces that were read.
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
    /// Another authorizer of the server's chain, such as Node or a webhook, that rolecall cannot
    /// evaluate.
    Authorizer {
        /// Its name as the server's flags write it.
        name: Text,
    },
}

/// The kinds that an inventory holds.
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
    /// A Pod, a workload kind, or anything else that takes no part in a decision.
    Other(Text),
}

impl ObjectKind {
    /// Returns the kind of that name.
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
    /// Returns what keeps a "no" about a node's identity from being certain.
    pub(crate) fn node_authorizer() -> Self {
        Self {
            unread: Unread::Authorizer { name: "Node".into() },
            because: "it may allow what roles and bindings do not".into(),
            origin: Origin::default(),
        }
    }

    /// Returns whether a binding that counts for requests in `namespace` may be hidden here.
    ///
    /// Cluster-scoped and non-resource requests have an empty namespace, for which the server reads
    /// ClusterRoleBindings only.
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

    /// Returns whether a binding of any namespace may be hidden here.
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

    /// Returns whether the ClusterRole (empty namespace) or Role of that name may be hidden here.
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

    /// Returns whether the role that a binding refers to may be hidden here.
    pub fn may_hide_role_of(&self, binding: &Binding) -> bool {
        let role_ref = &binding.role_ref;
        match role_ref.kind {
            RoleKind::ClusterRole => self.may_hide_role("", &role_ref.name),
            RoleKind::Role => {
                !binding.is_cluster_role_binding()
                    && self.may_hide_role(&binding.metadata.namespace, &role_ref.name)
            }
            RoleKind::Other(_) => false,
        }
    }

    /// Returns whether the object of a kind, namespace (empty for cluster-scoped kinds) and name may be
    /// hidden here.
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

    /// Returns whether a ServiceAccount of a namespace may be hidden here.
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

    /// Returns whether a Pod of a namespace, or something that makes Pods, may be hidden here.
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

    /// Returns whether some ClusterRole may be hidden here, which an aggregated one would include.
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
            // A whole file, or a directory that has to be rendered.
            Unread::Anything if matches!(self.origin, Origin::File { line: 0, .. }) => {
                let path = self.origin.position().unwrap_or_default();
                return write!(formatter, "`{path}`: {}", self.because);
            }
            Unread::Anything => write!(formatter, "a document")?,
            // What one file did not give is one object, whichever it is.
            Unread::Kind { kind, .. } if self.origin.position().is_some() => {
                write!(formatter, "a {kind}")?;
            }
            Unread::Kind { kind, namespace: None } => write!(formatter, "every {kind}")?,
            Unread::Kind { kind, namespace: Some(namespace) } => {
                write!(formatter, "every {kind} in namespace `{namespace}`")?;
            }
            Unread::KindOutside { kind, read } => {
                write!(formatter, "every {kind} outside of namespace")?;
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
