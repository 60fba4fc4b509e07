//! A role that allows writing validating webhooks, or removing any.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update`, `patch` or `delete` on ValidatingWebhookConfigurations, or `delete` on mutating
//! ones, without limiting it to names.
//!
//! # Why is this bad
//!
//! A validating webhook sees every object that passes it, Secrets included, and may refuse it. Without the webhooks of a
//! policy engine nothing enforces its policies.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: validating-webhook-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: validating-webhook-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: validating-webhook-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule to the holder's own configurations, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: validating-webhook-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], resourceNames: [web], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: validating-webhook-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: validating-webhook-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC559",
        name: "validating-webhook-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P36"],
        source: include_str!("validating_webhook_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[
        Asks::cluster(
            &["create", "update", "patch", "delete"],
            "admissionregistration.k8s.io",
            &["validatingwebhookconfigurations"],
        ),
        Asks::cluster(
            &["delete"],
            "admissionregistration.k8s.io",
            &["mutatingwebhookconfigurations"],
        ),
    ]],
    may: "read and refuse what others write, or switch off the checks of it",
    fix: "limit the rule to the holder's own configurations, with `resourceNames`",
};
