//! A role that allows changing running Pods.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on Pods without limiting it to names.
//!
//! # Why is this bad
//!
//! The image of a running container can be changed: the new one runs as the Pod's ServiceAccount, with its
//! volumes.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-changing}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-changing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs: workloads are changed through their controllers.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-changing}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-changing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-changing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC517",
        name: "pod-changing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P17"],
        source: include_str!("pod_changing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["update", "patch"], "", &["pods"])]],
    may: "run their own images in any Pod",
    fix: "remove the verbs: workloads are changed through their controllers",
};
