//! The CI gate: findings, expectations and the semantic diff.
#![doc = include_str!("../README.md")]

pub mod expectation;

mod config;
mod context;
mod copies;
mod date;
mod dead_entry;
mod documents;
mod external;
mod fate;
mod finding;
mod findings;
mod fingerprint;
mod fold;
mod input;
mod judgement;
mod likeness;
mod merged_words;
mod missing_subject;
mod names;
mod path_words;
mod pods;
mod release_directory;
mod rule_at;
mod rule_meta;
mod set_aside;
mod suppression;
mod unread;
mod validation;
mod words;

pub use config::{
    ApiVersion, CheckConfig, ConfigKind, PathGlob, RenderSetting, RuleName, Suppression,
    SuppressionError, TargetGlob, UnknownRuleError,
};
pub use date::{Date, DateError};
pub use external::{External, ExternalError, ExternalKind};
pub use finding::{
    Also, Change, Denied, FieldPath, Finding, FindingBody, ObjectRef, Related, Step,
};
pub use findings::dead::{DeadGrant, dead_grant, dead_subject};
pub use findings::denied::{Deployer, check_deployer, unheld_grants};
pub use findings::escalation::{rule_of, searches_paths};
pub use findings::expectation::expectation_findings;
pub use findings::rendering::{
    Build, ClusterQuestion, Layer, OmittedObject, PatchTarget, TokenSecret, Variant, check_build,
    check_variant, cluster_questions, omitted_objects,
};
pub use fingerprint::fingerprints;
pub use fold::fold;
pub use input::{AppliedBy, CheckInput, Judged};
pub use release_directory::is_of_later_release;
pub use rolecall_access::{
    KubernetesVersion, RuleCode, RuleCodeError, Severity, UnknownSeverityError, VersionError,
    Versions,
};
pub use rule_meta::{Category, RuleMeta};
pub use set_aside::{SetAside, SetAsideFiles};
pub use suppression::{Suppressed, suppress};
pub use validation::{Violation, validate_binding, validate_role};

use rayon::slice::ParallelSliceMut;
use rolecall_access::known;

/// Returns the findings, sorted by location.
pub fn check(input: CheckInput<'_>) -> Vec<Finding> {
    let context = context::Context::new(input);
    let mut findings = findings::check(&context);
    likeness::mark(&context, &mut findings);
    rayon::join(|| findings.par_sort_by(Finding::in_order), || drop(context));
    findings
}

/// Returns all rules in the order of their codes.
pub fn rules() -> &'static [&'static RuleMeta] {
    &documents::ALL
}
