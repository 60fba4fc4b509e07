//! A role that reaches the kubelets' API.
//!
//! # What it does
//!
//! Finds rules that allow `get` or `create` on `nodes/proxy` without limiting it to names.
//!
//! # Why is this bad
//!
//! Through the kubelet commands can be run in every Pod of a node, without admission and with hardly a
//! trace in the audit log. `get` is enough, for the connection is upgraded to a WebSocket.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: node-proxy}
//! rules:
//! - {apiGroups: [""], resources: [nodes/proxy], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: node-proxy}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-proxy}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the subresource that is needed: `nodes/metrics`, `nodes/stats`, `nodes/log`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: node-proxy}
//! rules:
//! - {apiGroups: [""], resources: [nodes/metrics], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: node-proxy}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: node-proxy}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC525",
        name: "node-proxy",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P25"],
        source: include_str!("node_proxy.rs"),
    },
    in_namespace: Severity::Critical,
    needs: &[&[Asks::cluster(&["get", "create"], "", &["nodes/proxy"])]],
    may: "run commands in every Pod through the kubelets",
    fix: "name the subresource that is needed: `nodes/metrics`, `nodes/stats`, `nodes/log`",
};
