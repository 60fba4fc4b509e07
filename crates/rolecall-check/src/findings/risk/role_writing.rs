//! A role that allows writing roles.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on Roles or ClusterRoles without limiting it to
//! names.
//!
//! # Why is this bad
//!
//! Holders cannot write rules that they do not hold themselves, but can hand what they hold to everybody
//! who is bound to a role, and can take rights away.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-writing}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs, or limit them with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-writing}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC527",
        name: "role-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P27"],
        source: include_str!("role_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(&["create", "update", "patch"], "rbac.authorization.k8s.io", &["roles"]),
        Asks::cluster(
            &["create", "update", "patch"],
            "rbac.authorization.k8s.io",
            &["clusterroles"],
        ),
    ]],
    may: "write roles within their own rights",
    fix: "remove the verbs, or limit them with `resourceNames`",
};
