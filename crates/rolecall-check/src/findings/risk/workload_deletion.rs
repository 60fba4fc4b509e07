//! A role that allows deleting Secrets, Pods, Services or workloads.
//!
//! # What it does
//!
//! Finds rules that allow `delete` or `deletecollection` on them without limiting it to names.
//!
//! # Why is this bad
//!
//! What is deleted stops working, and Secrets do not come back.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: workload-deletion}
//! rules:
//! - {apiGroups: [apps], resources: [deployments], verbs: [get, delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: workload-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: workload-deletion}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs, or limit `delete` with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: workload-deletion}
//! rules:
//! - {apiGroups: [apps], resources: [deployments], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: workload-deletion}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: workload-deletion}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC549",
        name: "workload-deletion",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P49"],
        source: include_str!("workload_deletion.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(
            &["delete", "deletecollection"],
            "",
            &["secrets", "pods", "services", "replicationcontrollers"],
        ),
        Asks::new(
            &["delete", "deletecollection"],
            "apps",
            &["deployments", "daemonsets", "statefulsets", "replicasets"],
        ),
        Asks::new(&["delete", "deletecollection"], "batch", &["jobs", "cronjobs"]),
    ]],
    may: "delete Secrets, Pods, Services or workloads",
    fix: "remove the verbs, or limit `delete` with `resourceNames`",
};
