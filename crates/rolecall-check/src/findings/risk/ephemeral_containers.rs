//! A role that allows adding containers to running Pods.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on `pods/ephemeralcontainers` without limiting it to names.
//!
//! # Why is this bad
//!
//! An ephemeral container runs any image inside the Pod: it can mount the Pod's volumes and look at its
//! processes, and it may be privileged where Pod security lets it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: ephemeral-containers}
//! rules:
//! - {apiGroups: [""], resources: [pods/ephemeralcontainers], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: ephemeral-containers}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ephemeral-containers}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the rule, or limit it with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: ephemeral-containers}
//! rules:
//! - {apiGroups: [""], resources: [pods/log], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: ephemeral-containers}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ephemeral-containers}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC520",
        name: "ephemeral-containers",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P20"],
        source: include_str!("ephemeral_containers.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["update", "patch"], "", &["pods/ephemeralcontainers"])]],
    may: "run their own containers in any Pod",
    fix: "remove the rule, or limit it with `resourceNames`",
};
