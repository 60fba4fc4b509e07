//! A role that allows deleting logs of Pods.
//!
//! # What it does
//!
//! Finds rules that allow `delete` or `deletecollection` on `pods/log`.
//!
//! # Why is this bad
//!
//! No server has such an operation today, so it does little; it is granted by habit and may mean something
//! one day.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: log-deletion}
//! rules:
//! - {apiGroups: [""], resources: [pods/log], verbs: [get, delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: log-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: log-deletion}
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
//! metadata: {name: log-deletion}
//! rules:
//! - {apiGroups: [""], resources: [pods/log], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: log-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: log-deletion}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC522",
        name: "log-deletion",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P22"],
        source: include_str!("log_deletion.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[Asks::new(&["delete", "deletecollection"], "", &["pods/log"])]],
    may: "ask to delete logs of Pods, which no server does today",
    fix: "remove the verbs",
};
