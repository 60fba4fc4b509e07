//! A role that allows writing mutating webhooks.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on MutatingWebhookConfigurations without limiting it to
//! names. Validating ones are [RC559](#rc559).
//!
//! # Why is this bad
//!
//! A webhook sees every object that passes it, Secrets included, and a mutating one rewrites them: it can
//! swap the image or ServiceAccount of any Pod in any namespace.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: admission-webhook-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: admission-webhook-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admission-webhook-writing}
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
//! metadata: {name: admission-webhook-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], resourceNames: [web], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: admission-webhook-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admission-webhook-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC536",
        name: "admission-webhook-writing",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P36"],
        source: include_str!("admission_webhook_writing.rs"),
    },
    in_namespace: Severity::Critical,
    needs: &[&[Asks::cluster(
        &["create", "update", "patch"],
        "admissionregistration.k8s.io",
        &["mutatingwebhookconfigurations"],
    )]],
    may: "read and rewrite every object that is written",
    fix: "limit the rule to the holder's own configurations, with `resourceNames`",
};
