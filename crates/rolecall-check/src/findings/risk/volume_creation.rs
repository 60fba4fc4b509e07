//! A role that allows creating PersistentVolumes.
//!
//! # What it does
//!
//! Finds rules that allow `create` on PersistentVolumes.
//!
//! # Why is this bad
//!
//! A PersistentVolume can be a directory of a node: Pods that claim it read and write the node's files
//! although Pod security forbids them `hostPath`.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: volume-creation}
//! rules:
//! - {apiGroups: [""], resources: [persistentvolumes], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: volume-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volume-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Let a provisioner make volumes.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: volume-creation}
//! rules:
//! - {apiGroups: [""], resources: [persistentvolumes], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: volume-creation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: volume-creation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC540",
        name: "volume-creation",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P40"],
        source: include_str!("volume_creation.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::cluster(&["create"], "", &["persistentvolumes"])]],
    may: "reach files of nodes through volumes",
    fix: "remove the rule, unless it provisions volumes",
};
