//! A role that allows acting as somebody else.
//!
//! # What it does
//!
//! Finds rules that allow `impersonate` on users, groups, ServiceAccounts, uids or extra attributes without
//! limiting it to names, or on the group `system:masters` by name.
//!
//! # Why is this bad
//!
//! Whoever may impersonate has the rights of everybody whom they may be; with the group `system:masters`
//! and any user these are all rights.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: impersonation}
//! rules:
//! - {apiGroups: [""], resources: [users, groups], verbs: [impersonate]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: impersonation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: impersonation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit it to the identities that are meant, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: impersonation}
//! rules:
//! - {apiGroups: [""], resources: [users], resourceNames: [jane], verbs: [impersonate]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: impersonation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: impersonation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC532",
        name: "impersonation",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P32"],
        source: include_str!("impersonation.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[
        Asks::new(&["impersonate"], "", &["serviceaccounts"]),
        Asks::cluster(&["impersonate"], "", &["users", "groups"]),
        Asks::cluster(&["impersonate"], "", &["groups"]).only(&["system:masters"]),
        Asks::cluster(&["impersonate"], "authentication.k8s.io", &["uids", "userextras/scopes"]),
    ]],
    may: "act as others",
    fix: "limit it to the identities that are meant, with `resourceNames`",
};
