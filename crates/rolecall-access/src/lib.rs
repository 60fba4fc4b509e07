//! Access as values: exact sets of requests, what differs between two inventories, and which risks
//! access carries.
//!
//! Everything that rates access takes its severities from [`risk`], so that no two commands disagree.
#![doc = include_str!("../README.md")]

pub mod diff;
pub mod known;
pub mod risk;

mod algebra;
mod holder;
mod severity;
mod version;

pub use algebra::{
    AccessSet, AccessTerm, EffectiveAccess, Extent, ReadableTerm, ResourceTerm, RuleSet, Scopes,
    UrlTerm, everybody,
};
pub use holder::Holder;
pub use severity::{Severity, UnknownSeverityError};
pub use version::{KubernetesVersion, VersionError, Versions};
