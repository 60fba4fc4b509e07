//! A role that allows deleting Events.
//!
//! # What it does
//!
//! Finds rules that allow `delete` or `deletecollection` on Events without limiting it to names.
//!
//! # Why is this bad
//!
//! Events tell what happened; deleting them hides it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: event-deletion}
//! rules:
//! - {apiGroups: [""], resources: [events], verbs: [create, delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: event-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: event-deletion}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs: Events expire by themselves.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: event-deletion}
//! rules:
//! - {apiGroups: [""], resources: [events], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: event-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: event-deletion}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC548",
        name: "event-deletion",
        category: Category::Risk,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P48"],
        source: include_str!("event_deletion.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[
        Asks::new(&["delete", "deletecollection"], "", &["events"]),
        Asks::new(&["delete", "deletecollection"], "events.k8s.io", &["events"]),
    ]],
    may: "delete the traces of what happened",
    fix: "remove the verbs: Events expire by themselves",
};
