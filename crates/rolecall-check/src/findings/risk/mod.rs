//! RC5: access that reaches further than it seems.

mod ask;
mod engine;
mod granted;
mod held;
mod report;
mod subjects;
mod takeover;

mod access_oracle;
mod admin_binding;
mod admission_policy_writing;
mod admission_webhook_writing;
mod anonymous_subject;
mod any_url;
mod api_service_writing;
mod attaching_to_pods;
mod authenticated_subject;
mod aws_auth_writing;
mod azure_identity_exception;
mod binding_extension;
mod binding_writing;
mod certificate_approval;
mod certificate_signing;
mod cloud_identity;
mod configmap_writing;
mod constrained_impersonation;
mod crd_writing;
mod dashboard_with_rights;
mod default_service_account_subject;
mod dns_writing;
mod ephemeral_containers;
mod event_deletion;
mod exec_into_pods;
mod flow_control_writing;
mod full_control;
mod full_control_of_sensitive_kind;
mod gatekeeper_writing;
mod gateway_writing;
mod impersonation;
mod kyverno_writing;
mod log_deletion;
mod many_roles;
mod mass_deletion;
mod masters_subject;
mod namespace_changing;
mod node_changing;
mod node_proxy;
mod one_verb_over_everything;
mod operator_resource_writing;
mod pod_changing;
mod pod_creation;
mod pod_status_writing;
mod pod_stealing;
mod port_forwarding;
mod privileged_pod_security_policy;
mod rbac_in_default_namespace;
mod role_binding;
mod role_escalation;
mod role_writing;
mod scaling;
mod secret_listing;
mod secret_reading;
mod secret_writing;
mod service_account_writing;
mod service_status_writing;
mod storage_writing;
mod stronger_account_in_reach;
mod takeover_daemonset;
mod takeover_workload;
mod token_minting;
mod traffic_writing;
mod unbounded_creation;
mod validating_webhook_writing;
mod volume_creation;
mod widened_default_role;
mod wildcard;
mod workload_deletion;
mod workload_writing;

use ask::Risk;
pub use engine::{HeldRisk, RiskTeller};
pub(super) use report::check;

use super::Rule;

/// The risks that are sets of requests, in the order of their codes.
pub(super) const RISKS: &[&Risk] = &[
    &full_control::RISK,
    &full_control_of_sensitive_kind::RISK,
    &one_verb_over_everything::RISK,
    &secret_reading::RISK,
    &secret_listing::RISK,
    &secret_writing::RISK,
    &token_minting::RISK,
    &pod_creation::RISK,
    &workload_writing::RISK,
    &pod_changing::RISK,
    &exec_into_pods::RISK,
    &attaching_to_pods::RISK,
    &ephemeral_containers::RISK,
    &port_forwarding::RISK,
    &log_deletion::RISK,
    &pod_status_writing::RISK,
    &pod_stealing::RISK,
    &node_proxy::RISK,
    &node_changing::RISK,
    &role_writing::RISK,
    &role_escalation::RISK,
    &role_binding::RISK,
    &binding_writing::RISK,
    &binding_extension::RISK,
    &impersonation::RISK,
    &constrained_impersonation::RISK,
    &certificate_approval::RISK,
    &certificate_signing::RISK,
    &admission_webhook_writing::RISK,
    &admission_policy_writing::RISK,
    &crd_writing::RISK,
    &namespace_changing::RISK,
    &volume_creation::RISK,
    &storage_writing::RISK,
    &traffic_writing::RISK,
    &gateway_writing::RISK,
    &service_status_writing::RISK,
    &configmap_writing::RISK,
    &dns_writing::RISK,
    &aws_auth_writing::RISK,
    &event_deletion::RISK,
    &workload_deletion::RISK,
    &gatekeeper_writing::RISK,
    &kyverno_writing::RISK,
    &operator_resource_writing::RISK,
    &azure_identity_exception::RISK,
    &privileged_pod_security_policy::RISK,
    &validating_webhook_writing::RISK,
    &unbounded_creation::RISK,
    &api_service_writing::RISK,
    &service_account_writing::RISK,
    &flow_control_writing::RISK,
    &access_oracle::RISK,
    &scaling::RISK,
];

/// The risks that are not: about subjects, workloads, or how rules are written.
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

/// Risks that say others already: all others, where none are listed.
const BROADER: &[(&str, &[&str])] = &[
    ("RC501", &[]),
    ("RC503", &[]),
    // Lists hold the contents, and whoever makes Pods has no need to change those of others.
    ("RC511", &["RC510"]),
    ("RC515", &["RC517"]),
    ("RC536", &["RC559"]),
    (
        "RC502",
        &[
            "RC510", "RC511", "RC512", "RC515", "RC516", "RC517", "RC518", "RC519", "RC520",
            "RC521", "RC522", "RC523", "RC527", "RC530", "RC531", "RC542", "RC545", "RC549",
            "RC565", "RC567", "RC570",
        ],
    ),
];

/// The risks with which, held everywhere, the cluster can be taken over.
const TAKEOVERS: [&str; 16] = [
    "RC501", "RC502", "RC503", "RC510", "RC511", "RC514", "RC515", "RC516", "RC518", "RC520",
    "RC525", "RC528", "RC529", "RC532", "RC534", "RC536",
];

/// Returns whether the cluster can be taken over with a risk that is held everywhere.
fn takes_over(code: &str) -> bool {
    TAKEOVERS.contains(&code)
}

/// Returns how bad it is to hold a risk everywhere.
fn severity(code: &str) -> Option<crate::Severity> {
    RISKS.iter().find(|risk| risk.meta.code == code).map(|risk| risk.meta.severity)
}

/// Returns what the holders of a risk may do.
fn may(code: &str) -> Option<&'static str> {
    RISKS.iter().find(|risk| risk.meta.code == code).map(|risk| risk.may)
}
