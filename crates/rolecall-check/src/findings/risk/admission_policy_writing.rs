//! A role that allows writing admission policies.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on validating or mutating admission policies or
//! their bindings, without limiting it to names.
//!
//! # Why is this bad
//!
//! A policy can be weakened or dropped, or block what it should let through; a mutating one rewrites
//! objects of others.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: admission-policy-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: admission-policy-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admission-policy-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule to the holder's own policies, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: admission-policy-writing}
//! rules:
//! - {apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: admission-policy-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admission-policy-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC537",
        name: "admission-policy-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P37"],
        source: include_str!("admission_policy_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::cluster(
        &["create", "update", "patch"],
        "admissionregistration.k8s.io",
        &[
            "validatingadmissionpolicies",
            "validatingadmissionpolicybindings",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ],
    )]],
    may: "change what the cluster admits",
    fix: "limit the rule to the holder's own policies, with `resourceNames`",
};
