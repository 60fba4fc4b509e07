//! A role that allows scaling workloads.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on the subresource `scale` of workloads, without limiting it
//! to names.
//!
//! # Why is this bad
//!
//! Scaled to nothing a workload is gone, scaled up it takes the room of others.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: scaling}
//! rules:
//! - {apiGroups: [apps], resources: [deployments/scale], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: scaling}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scaling}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: scaling}
//! rules:
//! - {apiGroups: [apps], resources: [deployments/scale], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: scaling}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scaling}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC570",
        name: "scaling",
        category: Category::Risk,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("scaling.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[
        Asks::new(
            &["update", "patch"],
            "apps",
            &["deployments/scale", "statefulsets/scale", "replicasets/scale"],
        ),
        Asks::new(&["update", "patch"], "", &["replicationcontrollers/scale"]),
    ]],
    may: "scale any workload",
    fix: "limit the rule with `resourceNames`",
};
