//! A role that allows changing nodes.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on nodes or their status without limiting it to names.
//!
//! # Why is this bad
//!
//! Labels and taints decide which Pods run where; the status has the addresses to which the API server
//! connects.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: node-changing}
//! rules:
//! - {apiGroups: [""], resources: [nodes], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: node-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-changing}
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
//! metadata: {name: node-changing}
//! rules:
//! - {apiGroups: [""], resources: [nodes], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: node-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-changing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC526",
        name: "node-changing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P26"],
        source: include_str!("node_changing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::cluster(&["update", "patch"], "", &["nodes", "nodes/status"])]],
    may: "steer Pods to nodes of their choice",
    fix: "remove the verbs, unless it manages nodes",
};
