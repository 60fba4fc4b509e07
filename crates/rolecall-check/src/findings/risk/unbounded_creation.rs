//! A role that allows creating any object of an API group.
//!
//! # What it does
//!
//! Finds rules that allow `create` on every resource of an API group of Kubernetes.
//!
//! # Why is this bad
//!
//! Besides what the objects do: enough of them fill the API server's storage, unless quotas limit their
//! number.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: unbounded-creation}
//! rules:
//! - {apiGroups: [batch], resources: ["*"], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: unbounded-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: unbounded-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Name the resources that are needed, and limit object counts with a ResourceQuota.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: unbounded-creation}
//! rules:
//! - {apiGroups: [batch], resources: [jobs], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: unbounded-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: unbounded-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{ANYTHING, Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC565",
        name: "unbounded-creation",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P65"],
        source: include_str!("unbounded_creation.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[
        Asks::new(&["create"], "", &[ANYTHING]),
        Asks::new(&["create"], "apps", &[ANYTHING]),
        Asks::new(&["create"], "batch", &[ANYTHING]),
        Asks::new(&["create"], "networking.k8s.io", &[ANYTHING]),
        Asks::new(&["create"], "rbac.authorization.k8s.io", &[ANYTHING]),
    ]],
    may: "create any number of objects of every kind",
    fix: "name the resources that are needed, and limit object counts with a ResourceQuota",
};
