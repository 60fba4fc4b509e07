//! A role that allows writing the status of Pods.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on `pods/status` without limiting it to names.
//!
//! # Why is this bad
//!
//! The status has the Pod's address and readiness, and with it the labels can be set: a Pod can be made to
//! receive the traffic of a Service.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-status-writing}
//! rules:
//! - {apiGroups: [""], resources: [pods/status], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-status-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-status-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the rule: the kubelet writes the status.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-status-writing}
//! rules:
//! - {apiGroups: [""], resources: [pods/status], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-status-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-status-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC523",
        name: "pod-status-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P23"],
        source: include_str!("pod_status_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[Asks::new(&["update", "patch"], "", &["pods/status"])]],
    may: "write the status and labels of any Pod",
    fix: "remove the rule, unless it is a network plugin or the like: the kubelet writes the status",
};
