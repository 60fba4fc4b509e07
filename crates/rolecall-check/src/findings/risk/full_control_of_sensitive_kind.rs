//! A role that allows every verb on Secrets, workloads or RBAC objects.
//!
//! # What it does
//!
//! Finds rules with which any verb, known or not, is allowed on Secrets, Pods, the workload kinds, Roles,
//! ClusterRoles, their bindings, or the users and groups of impersonation.
//!
//! # Why is this bad
//!
//! Each of these kinds leads to other identities: Secrets hold tokens, workloads run as any ServiceAccount
//! of their namespace, and RBAC objects decide who may do what. The wildcard includes verbs that are asked
//! about nowhere else, such as `bind`, `escalate` and `impersonate`.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: full-control-of-sensitive-kind}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: ["*"]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: full-control-of-sensitive-kind}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: full-control-of-sensitive-kind}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the verbs that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: full-control-of-sensitive-kind}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: [web-tls], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: full-control-of-sensitive-kind}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: full-control-of-sensitive-kind}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{ANYTHING, Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC502",
        name: "full-control-of-sensitive-kind",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P02"],
        source: include_str!("full_control_of_sensitive_kind.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(&[ANYTHING], "", &["secrets", "pods", "replicationcontrollers"]),
        Asks::new(
            &[ANYTHING],
            "apps",
            &["deployments", "daemonsets", "statefulsets", "replicasets"],
        ),
        Asks::new(&[ANYTHING], "batch", &["jobs", "cronjobs"]),
        Asks::new(&[ANYTHING], "rbac.authorization.k8s.io", &["roles", "rolebindings"]),
        Asks::cluster(
            &[ANYTHING],
            "rbac.authorization.k8s.io",
            &["clusterroles", "clusterrolebindings"],
        ),
        Asks::cluster(&[ANYTHING], "", &["users", "groups"]),
    ]],
    may: "do anything with Secrets, workloads, RBAC objects or identities",
    fix: "name the verbs that are needed",
};
