//! Holders who can move Pods to a node of their choice.
//!
//! # What it does
//!
//! Finds subjects that may delete or evict Pods and also change or delete nodes.
//!
//! # Why is this bad
//!
//! With labels, taints and evictions Pods with strong ServiceAccounts can be moved to a node that is
//! already taken over.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-stealing}
//! rules:
//! - {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
//! - {apiGroups: [""], resources: [nodes], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-stealing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-stealing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Split the rights between holders.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-stealing}
//! rules:
//! - {apiGroups: [""], resources: [pods/eviction], verbs: [create]}
//! - {apiGroups: [""], resources: [nodes], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-stealing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-stealing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC524",
        name: "pod-stealing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P24"],
        source: include_str!("pod_stealing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[
        &[Asks::new(&["delete"], "", &["pods"]), Asks::new(&["create"], "", &["pods/eviction"])],
        &[
            Asks::cluster(&["update", "patch"], "", &["nodes", "nodes/status"]),
            Asks::cluster(&["delete"], "", &["nodes"]),
        ],
    ],
    may: "move Pods to a node of their choice",
    fix: "split the rights between holders",
};
