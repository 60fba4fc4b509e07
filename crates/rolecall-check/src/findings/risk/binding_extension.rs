//! Holders who can add subjects to bindings.
//!
//! # What it does
//!
//! Finds subjects that may both read and patch RoleBindings, without being limited to names.
//!
//! # Why is this bad
//!
//! They can add anybody to a binding whose role they hold: an access that outlives theirs.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: binding-extension}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: binding-extension}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binding-extension}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove `patch`, or limit it with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: binding-extension}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: binding-extension}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binding-extension}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC531",
        name: "binding-extension",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P31"],
        source: include_str!("binding_extension.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[
        &[Asks::new(&["get"], "rbac.authorization.k8s.io", &["rolebindings"])],
        &[Asks::new(&["patch"], "rbac.authorization.k8s.io", &["rolebindings"])],
    ],
    may: "add subjects to bindings whose role they hold",
    fix: "remove `patch`, or limit it with `resourceNames`",
};
