use std::fmt;

use rolecall_rbac::Text;

/// The end of a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sink {
    /// Every verb on every resource in every group, cluster-wide.
    #[default]
    ClusterAdmin,
    /// Every verb on every namespaced resource in a namespace.
    Namespace(Text),
    /// Reading all Secrets, or those of one namespace.
    Secrets(Option<Text>),
    /// Root on some node.
    Node,
    /// A ServiceAccount.
    ServiceAccount {
        /// The namespace.
        namespace: Text,
        /// The name.
        name: Text,
    },
    /// A user.
    User(Text),
    /// A member of a group.
    Group(Text),
}

/// A text that is not a sink.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkError {
    /// The text.
    pub text: String,
}

impl Sink {
    /// Parses the notation that [`Display`](fmt::Display) writes.
    pub fn parse(text: &str) -> Result<Self, SinkError> {
        let error = || SinkError { text: text.to_owned() };
        let Some((kind, name)) = text.split_once('/') else {
            return match text {
                "cluster-admin" => Ok(Self::ClusterAdmin),
                "secrets" => Ok(Self::Secrets(None)),
                "node" => Ok(Self::Node),
                _ => Err(error()),
            };
        };
        if name.is_empty() {
            return Err(error());
        }
        Ok(match kind {
            "namespace" | "ns" => Self::Namespace(name.into()),
            "secrets" => Self::Secrets(Some(name.into())),
            "user" => Self::User(name.into()),
            "group" => Self::Group(name.into()),
            "sa" => {
                let (namespace, name) = name.split_once(':').ok_or_else(error)?;
                if namespace.is_empty() || name.is_empty() {
                    return Err(error());
                }
                Self::ServiceAccount { namespace: namespace.into(), name: name.into() }
            }
            _ => return Err(error()),
        })
    }
}

impl fmt::Display for Sink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClusterAdmin => formatter.write_str("cluster-admin"),
            Self::Namespace(namespace) => write!(formatter, "namespace/{namespace}"),
            Self::Secrets(None) => formatter.write_str("secrets"),
            Self::Secrets(Some(namespace)) => write!(formatter, "secrets/{namespace}"),
            Self::Node => formatter.write_str("node"),
            Self::ServiceAccount { namespace, name } => write!(formatter, "sa/{namespace}:{name}"),
            Self::User(name) => write!(formatter, "user/{name}"),
            Self::Group(name) => write!(formatter, "group/{name}"),
        }
    }
}

impl fmt::Display for SinkError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "`{}` is not a target of paths; write cluster-admin, namespace/NAME, secrets, \
             secrets/NAMESPACE, node, sa/NAMESPACE:NAME, user/NAME or group/NAME",
            self.text
        )
    }
}

impl std::error::Error for SinkError {}
