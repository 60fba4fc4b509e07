//! A role that allows changing Namespaces.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on Namespaces. A RoleBinding grants it for its own Namespace.
//!
//! # Why is this bad
//!
//! Labels of a Namespace set its Pod security level and decide which NetworkPolicies and webhooks select
//! it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: namespace-changing}
//! rules:
//! - {apiGroups: [""], resources: [namespaces], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: namespace-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: namespace-changing}
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
//! metadata: {name: namespace-changing}
//! rules:
//! - {apiGroups: [""], resources: [namespaces], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: namespace-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: namespace-changing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC539",
        name: "namespace-changing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P39"],
        source: include_str!("namespace_changing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["update", "patch"], "", &["namespaces"])]],
    may: "relax the Pod security and network policy of Namespaces",
    fix: "remove the verbs, unless it manages Namespaces",
};
