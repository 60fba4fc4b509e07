//! Access as values: exact sets of requests, differences between two inventories, and risks.
//!
//! All commands take severities from [`risk`], so that they agree.
#![doc = include_str!("../README.md")]

pub mod diff;
pub mod known;
mod pool;
pub mod risk;

mod algebra;
mod holder;
mod rule_code;
mod severity;

pub use algebra::{
    AccessSet, AccessTerm, EffectiveAccess, Extent, ExtentPatterns, ReadableTerm, ResourceTerm,
    RuleSet, Scopes, UrlTerm, baseline,
};
pub use holder::Holder;
pub use rolecall_rbac::{KubernetesVersion, VersionError, Versions};
pub use rule_code::{RuleCode, RuleCodeError};
pub use severity::{Severity, UnknownSeverityError};
