//! A role that allows changing Kyverno's policies.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update`, `patch` or `delete` on the policies of Kyverno, without
//! limiting it to names.
//!
//! # Why is this bad
//!
//! The policy that the cluster relies on can be switched off, and Kyverno makes and changes objects in its
//! own name.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: kyverno-writing}
//! rules:
//! - {apiGroups: [kyverno.io], resources: [clusterpolicies], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: kyverno-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kyverno-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: kyverno-writing}
//! rules:
//! - {apiGroups: [kyverno.io], resources: [clusterpolicies], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: kyverno-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: kyverno-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC551",
        name: "kyverno-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P51"],
        source: include_str!("kyverno_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(&["create", "update", "patch", "delete"], "kyverno.io", &["policies"]),
        Asks::cluster(&["create", "update", "patch", "delete"], "kyverno.io", &["clusterpolicies"]),
    ]],
    may: "switch off Kyverno's policies",
    fix: "remove the verbs",
};
