//! A role that allows writing workloads.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on the kinds that make Pods, without limiting it to
//! names. Of Jobs only `create` counts: their template never changes.
//!
//! # Why is this bad
//!
//! Who writes a Pod template decides which ServiceAccount its Pods run as, which Secrets they mount and
//! what they run: the same as creating Pods.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: workload-writing}
//! rules:
//! - {apiGroups: [apps], resources: [deployments], verbs: [create, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: workload-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: workload-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant it in the namespaces that are meant, with RoleBindings, and enforce Pod security there.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: workload-writing}
//! rules:
//! - {apiGroups: [apps], resources: [deployments], verbs: [get, list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: workload-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: workload-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC516",
        name: "workload-writing",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P16"],
        source: include_str!("workload_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(
            &["create", "update", "patch"],
            "apps",
            &["deployments", "daemonsets", "statefulsets", "replicasets"],
        ),
        Asks::new(&["create", "update", "patch"], "batch", &["cronjobs"]),
        // The template of a Job never changes.
        Asks::new(&["create"], "batch", &["jobs"]),
        Asks::new(&["create", "update", "patch"], "", &["replicationcontrollers"]),
    ]],
    may: "run Pods as any ServiceAccount, through the workloads they write",
    fix: "grant it in the namespaces that are meant, with RoleBindings, and enforce Pod security there",
};
