use std::fmt;

use rolecall_rbac::{Identity, Text};

/// The start of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A member of a group.
    Group(Text),
    /// A Pod, as its ServiceAccount.
    Pod {
        /// The namespace.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// A ServiceAccount.
    ServiceAccount {
        /// The namespace.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// A user.
    User(Text),
    /// A workload, as the ServiceAccount of its Pods.
    Workload {
        /// The kind in lower case, such as `deployment`.
        kind: Text,
        /// The namespace.
        namespace: Text,
        /// The name.
        name: Text,
    },
}

impl Subject {
    /// Returns the subject that an identity is.
    pub fn of(identity: &Identity) -> Self {
        if let Some(account) = identity.as_service_account() {
            let (namespace, name) = (account.namespace.into(), account.name.into());
            return Self::ServiceAccount { namespace, name };
        }
        match &*identity.user {
            "" => Self::Group(identity.groups.first().cloned().unwrap_or_default()),
            _ => Self::User(identity.user.clone()),
        }
    }

    /// Returns whether it is a Pod or a workload.
    pub fn is_running(&self) -> bool {
        matches!(self, Self::Pod { .. } | Self::Workload { .. })
    }
}

impl fmt::Display for Subject {
    /// Writes the notation of command lines: `sa/NAMESPACE:NAME`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::Pod { namespace, name } => write!(formatter, "pod/{namespace}:{name}"),
            Self::ServiceAccount { namespace, name } => write!(formatter, "sa/{namespace}:{name}"),
            Self::User(name) => write!(formatter, "user/{name}"),
            Self::Workload { kind, namespace, name } => {
                write!(formatter, "{kind}/{namespace}:{name}")
            }
        }
    }
}
