//! A role that allows writing any rule into roles.
//!
//! # What it does
//!
//! Finds rules that allow `escalate` on Roles or ClusterRoles without limiting it to names.
//!
//! # Why is this bad
//!
//! With `escalate` and a write verb, rules beyond one's own rights can be written into a role that one is
//! bound to.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-escalation}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [get, escalate]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-escalation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-escalation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove `escalate`, or limit it with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-escalation}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-escalation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-escalation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC528",
        name: "role-escalation",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P28"],
        source: include_str!("role_escalation.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[
        Asks::new(&["escalate"], "rbac.authorization.k8s.io", &["roles"]),
        Asks::cluster(&["escalate"], "rbac.authorization.k8s.io", &["clusterroles"]),
    ]],
    may: "write rules that they do not hold themselves",
    fix: "remove `escalate`, or limit it with `resourceNames`",
};
