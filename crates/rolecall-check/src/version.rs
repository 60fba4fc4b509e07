//! Which Kubernetes is meant.

use std::fmt;
use std::str::FromStr;

/// A Kubernetes version of major version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// The minor version.
    pub minor: u16,
}

/// A text that is no Kubernetes version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no Kubernetes version: write it as `1.36`")]
pub struct VersionError {
    /// The text.
    pub text: String,
}

impl KubernetesVersion {
    /// The newest version whose facts rolecall knows.
    pub const NEWEST: Self = Self { minor: 36 };
}

impl FromStr for KubernetesVersion {
    type Err = VersionError;

    /// Reads `1.36`, `v1.36`, `v1.36.2` and what providers add to it, such as `1.31+` or
    /// `v1.30.4-gke.1`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError { text: text.to_owned() };
        let version = text.strip_prefix('v').unwrap_or(text);
        let rest = version.strip_prefix("1.").ok_or_else(error)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let minor = rest.get(..end).unwrap_or_default().parse().map_err(|_| error())?;
        Ok(Self { minor })
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "1.{}", self.minor)
    }
}
