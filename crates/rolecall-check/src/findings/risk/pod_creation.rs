//! A role that allows creating Pods.
//!
//! # What it does
//!
//! Finds rules that allow `create` on Pods.
//!
//! # Why is this bad
//!
//! A Pod may run as any ServiceAccount of its namespace and mount any Secret in it; where Pod security does
//! not forbid it, it may take over its node.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-creation}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list, create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Let a controller that is reviewed make the Pods, and enforce Pod security in the namespace.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-creation}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC515",
        name: "pod-creation",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P15"],
        source: include_str!("pod_creation.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["create"], "", &["pods"])]],
    may: "run Pods as any ServiceAccount",
    fix: "let a controller that is reviewed make the Pods, and enforce Pod security in the namespace",
};
