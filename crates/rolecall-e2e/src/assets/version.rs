//! The versions of Kubernetes that can be built.

use std::fmt;

use clap::ValueEnum;

/// A version of Kubernetes with a recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kubernetes {
    /// Debian 12 packages: the oldest version that rolecall supports
    #[value(name = "1.20")]
    V1_20,

    /// Built from Go modules: the newest version that rolecall supports
    #[value(name = "1.37")]
    V1_37,
}

impl Kubernetes {
    /// All versions, oldest first.
    pub(crate) const ALL: [Self; 2] = [Self::V1_20, Self::V1_37];
}

impl fmt::Display for Kubernetes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::V1_20 => "1.20",
            Self::V1_37 => "1.37",
        })
    }
}
