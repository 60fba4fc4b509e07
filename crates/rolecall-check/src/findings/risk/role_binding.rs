//! A role that allows binding any role.
//!
//! # What it does
//!
//! Finds rules that allow `bind` on Roles or ClusterRoles without limiting it to names, or on `cluster-
//! admin`, `admin` or `edit` by name. The verb is checked on the role that is bound, not on bindings.
//!
//! # Why is this bad
//!
//! With `bind` and `create` on bindings, a role that grants more than one holds can be bound to oneself.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-binding}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-binding}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-binding}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit `bind` to harmless roles with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: role-binding}
//! rules:
//! - {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], verbs: [bind]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: role-binding}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: role-binding}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC529",
        name: "role-binding",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P29"],
        source: include_str!("role_binding.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[
        Asks::new(&["bind"], "rbac.authorization.k8s.io", &["roles"]),
        Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]),
        Asks::new(&["bind"], "rbac.authorization.k8s.io", &["clusterroles"]).only(&[
            "cluster-admin",
            "admin",
            "edit",
        ]),
    ]],
    may: "bind roles that grant more than they hold",
    fix: "limit `bind` to harmless roles with `resourceNames`",
};
