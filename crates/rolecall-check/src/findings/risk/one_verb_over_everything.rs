//! A role that allows a verb on everything.
//!
//! # What it does
//!
//! Finds rules that allow one of `get`, `list`, `create`, `update`, `delete`, `deletecollection` or
//! `impersonate` on any resource of any API group.
//!
//! # Why is this bad
//!
//! Reading everything includes Secrets, and `get` on `nodes/proxy`, with which commands can be run in Pods.
//! Writing everything includes Pods that run as anybody. The rule grows with every API that is installed.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: one-verb-over-everything}
//! rules:
//! - {apiGroups: ["*"], resources: ["*"], verbs: [get, list, watch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: one-verb-over-everything}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: one-verb-over-everything}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the API groups and resources that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: one-verb-over-everything}
//! rules:
//! - {apiGroups: [""], resources: [pods, services], verbs: [get, list, watch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: one-verb-over-everything}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: one-verb-over-everything}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{ANYTHING, Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC503",
        name: "one-verb-over-everything",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P03"],
        source: include_str!("one_verb_over_everything.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(
        &["get", "list", "create", "update", "delete", "deletecollection", "impersonate"],
        ANYTHING,
        &[ANYTHING],
    )]],
    may: "use a verb on everything",
    fix: "name the API groups and resources that are needed",
};
