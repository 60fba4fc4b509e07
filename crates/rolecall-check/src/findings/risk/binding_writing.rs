//! A role that allows writing bindings.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on RoleBindings or ClusterRoleBindings without
//! limiting it to names.
//!
//! # Why is this bad
//!
//! Holders can hand every role whose rules they hold to anybody, and with `bind` any role.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: binding-writing}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: binding-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binding-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs, or limit `update` and `patch` with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: binding-writing}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: binding-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: binding-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC530",
        name: "binding-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P30"],
        source: include_str!("binding_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(&["create", "update", "patch"], "rbac.authorization.k8s.io", &["rolebindings"]),
        Asks::cluster(
            &["create", "update", "patch"],
            "rbac.authorization.k8s.io",
            &["clusterrolebindings"],
        ),
    ]],
    may: "hand out roles that they hold",
    fix: "remove the verbs, or limit `update` and `patch` with `resourceNames`",
};
