//! Kubernetes versions.

use std::fmt;
use std::str::FromStr;

/// A Kubernetes version of major version 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// The minor version.
    pub minor: u16,
}

/// A text that is not a Kubernetes version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    /// The text.
    pub text: String,
}

impl fmt::Display for VersionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` is not a Kubernetes version; use the format `1.36`", self.text)
    }
}

impl std::error::Error for VersionError {}

impl KubernetesVersion {
    /// The newest version that rolecall knows.
    pub const NEWEST: Self = Self { minor: 37 };
}

impl FromStr for KubernetesVersion {
    type Err = VersionError;

    /// Parses `1.36`, `v1.36`, `v1.36.2` and providers' variants, such as `1.31+` or
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

/// A range of Kubernetes minor versions of major version 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Versions {
    /// The first version, inclusive.
    pub from: Option<u16>,
    /// The last version, exclusive.
    pub before: Option<u16>,
}

impl Versions {
    /// Every version.
    pub const ALL: Self = Self { from: None, before: None };

    /// Returns whether a minor version is in the range.
    pub fn contain(self, minor: u16) -> bool {
        self.from.is_none_or(|from| from <= minor) && self.before.is_none_or(|end| minor < end)
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.before) {
            (None, None) => formatter.write_str("all"),
            (Some(from), None) => write!(formatter, "1.{from} and later"),
            (None, Some(before)) => write!(formatter, "before 1.{before}"),
            (Some(from), Some(before)) => {
                write!(formatter, "1.{from} and later, before 1.{before}")
            }
        }
    }
}
