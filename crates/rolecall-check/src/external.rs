//! Objects that other software installs, to which references are valid.

use std::fmt;
use std::str::FromStr;

use rolecall_rbac::{Glob, Origin, Text};
use serde::Deserialize;

/// Objects that exist although no manifest of the input contains them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Text")]
pub struct External {
    /// The kind.
    pub kind: ExternalKind,
    /// The names as `namespace/name`, or only `name` for cluster-scoped kinds.
    pub name: Glob,
    /// The position; the reader of the file sets it.
    pub origin: Origin,
}

/// The kinds that roles, bindings and workloads refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalKind {
    /// A Role.
    Role,
    /// A ClusterRole.
    ClusterRole,
    /// A ServiceAccount.
    ServiceAccount,
}

/// The reason why an entry of `external` is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is none of `ClusterRole NAME`, `Role NAMESPACE/NAME` and `ServiceAccount NAMESPACE/NAME`"
)]
pub struct ExternalError {
    /// The text as written.
    pub text: String,
}

impl External {
    /// Returns whether an object matches; the namespace of a ClusterRole is empty.
    pub fn matches(&self, kind: ExternalKind, namespace: &str, name: &str) -> bool {
        self.kind == kind
            && match kind {
                ExternalKind::ClusterRole => self.name.matches(name),
                _ => self.name.matches(&format!("{namespace}/{name}")),
            }
    }
}

impl FromStr for External {
    type Err = ExternalError;

    /// Reads `Kind namespace/name`, or `kind/namespace/name` as kubectl writes it.
    fn from_str(text: &str) -> Result<Self, ExternalError> {
        let refused = || ExternalError { text: text.to_owned() };
        let (kind, name) = text.split_once([' ', '/']).ok_or_else(refused)?;
        let kind = match kind {
            "Role" | "role" | "roles" => ExternalKind::Role,
            "ClusterRole" | "clusterrole" | "clusterroles" => ExternalKind::ClusterRole,
            "ServiceAccount" | "serviceaccount" | "serviceaccounts" | "sa" => {
                ExternalKind::ServiceAccount
            }
            _ => return Err(refused()),
        };
        let parts: Vec<&str> = name.split('/').collect();
        let expected = if kind == ExternalKind::ClusterRole { 1 } else { 2 };
        let is_name = |part: &&str| !part.is_empty() && !part.contains(char::is_whitespace);
        if parts.len() != expected || !parts.iter().all(is_name) {
            return Err(refused());
        }
        let name = Glob::parse(name).map_err(|_| refused())?;
        Ok(Self { kind, name, origin: Origin::default() })
    }
}

impl TryFrom<Text> for External {
    type Error = ExternalError;

    fn try_from(text: Text) -> Result<Self, ExternalError> {
        text.parse()
    }
}

impl ExternalKind {
    /// Returns the kind as in manifests.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::ClusterRole => "ClusterRole",
            Self::ServiceAccount => "ServiceAccount",
        }
    }
}

impl fmt::Display for External {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.kind.as_str(), self.name)
    }
}
