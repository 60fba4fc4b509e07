//! A role that allows using any PodSecurityPolicy.
//!
//! # What it does
//!
//! Finds rules that allow `use` on PodSecurityPolicies without limiting it to names, for Kubernetes before
//! 1.25.
//!
//! # Why is this bad
//!
//! Among all policies there is mostly one that allows privileged Pods, which take over their node.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: privileged-pod-security-policy}
//! rules:
//! - {apiGroups: [policy], resources: [podsecuritypolicies], verbs: [use]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: privileged-pod-security-policy}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: privileged-pod-security-policy}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule to the policies that are meant, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: privileged-pod-security-policy}
//! rules:
//! - {apiGroups: [policy], resources: [podsecuritypolicies], resourceNames: [restricted], verbs: [use]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: privileged-pod-security-policy}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: privileged-pod-security-policy}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC555",
        name: "privileged-pod-security-policy",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions { from: None, before: Some(25) },
        rows: &["P55"],
        source: include_str!("privileged_pod_security_policy.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(&["use"], "policy", &["podsecuritypolicies"]),
        Asks::new(&["use"], "extensions", &["podsecuritypolicies"]),
        Asks::new(&["use"], "policy", &["podsecuritypolicies"]).only(&["privileged"]),
    ]],
    may: "create privileged Pods, if any policy lets them",
    fix: "limit the rule to the policies that are meant, with `resourceNames`",
};
