//! RC7: mistakes that only rendering with Kustomize or Helm reveals.
//!
//! ```text
//! sources --\
//!            +-- Pairs: each object before and after the build -> findings of RC701 to RC707
//! result  --/                                                  \-> the causes of other findings
//! hooks and waves in the annotations of any input ---------------> RC708, RC709
//! ```

mod bare_object;
mod build;
mod cause;
mod hook_grant;
mod hook_order;
mod hooks;
mod moved_subject;
mod patch_without_effect;
mod patched_object;
mod release;
mod renamed_resource_name;
mod renamed_subject;
mod token_secret;
mod unsubstituted_variable;

use self::build::Pairs;
pub use self::build::{Build, Layer, PatchTarget, TokenSecret};
pub use self::release::{
    ClusterQuestion, OmittedObject, Variant, check_variant, cluster_questions, omitted_objects,
};
use super::Rule;
use crate::Finding;

pub(super) const RULES: &[&Rule] = &[&hook_order::RULE, &hook_grant::RULE];

/// Adds the findings about a build to those about its result, and names the build as the cause of other
/// findings.
pub fn check_build(build: Build<'_>, findings: &mut Vec<Finding>) {
    let pairs = Pairs::of(build);
    cause::explain(&pairs, findings);
    for check in [
        renamed_subject::check,
        moved_subject::check,
        patched_object::check,
        renamed_resource_name::check,
        unsubstituted_variable::check,
        patch_without_effect::check,
        token_secret::check,
        bare_object::check,
    ] {
        check(&pairs, findings);
    }
    findings.sort_by(Finding::in_order);
}
