//! RC5: access that is broader than it appears.

mod combination;
mod granted;
mod report;
mod subjects;
mod takeover;

mod admin_binding;
mod anonymous_subject;
mod any_url;
mod authenticated_subject;
mod cloud_identity;
mod dashboard_with_rights;
mod default_service_account_subject;
mod many_roles;
mod mass_deletion;
mod masters_subject;
mod rbac_in_default_namespace;
mod stronger_account_in_reach;
mod takeover_daemonset;
mod takeover_workload;
mod widened_default_role;
mod wildcard;

pub(super) use report::check;

use super::Rule;

/// The risks that are not sets of requests: those of subjects, workloads, or the form of rules.
pub(super) const RULES: &[&Rule] = &[
    &wildcard::RULE,
    &admin_binding::RULE,
    &masters_subject::RULE,
    &anonymous_subject::RULE,
    &authenticated_subject::RULE,
    &default_service_account_subject::RULE,
    &stronger_account_in_reach::RULE,
    &cloud_identity::RULE,
    &dashboard_with_rights::RULE,
    &takeover_workload::RULE,
    &takeover_daemonset::RULE,
    &many_roles::RULE,
    &rbac_in_default_namespace::RULE,
    &any_url::RULE,
    &widened_default_role::RULE,
    &mass_deletion::RULE,
];
