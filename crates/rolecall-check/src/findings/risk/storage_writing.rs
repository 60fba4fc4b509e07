//! A role that allows writing storage.
//!
//! # What it does
//!
//! Finds rules that allow `update`, `patch` or `delete` on PersistentVolumeClaims, or those and `create` on the kinds
//! of `storage.k8s.io`, without limiting it to names.
//!
//! # Why is this bad
//!
//! Deleted claims take their data with them, and claims and attachments decide who shares a volume.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: storage-writing}
//! rules:
//! - {apiGroups: [""], resources: [persistentvolumeclaims], verbs: [delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: storage-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: storage-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs that are not needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: storage-writing}
//! rules:
//! - {apiGroups: [""], resources: [persistentvolumeclaims], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: storage-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: storage-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC541",
        name: "storage-writing",
        category: Category::Risk,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P41"],
        source: include_str!("storage_writing.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[
        Asks::new(&["update", "patch", "delete"], "", &["persistentvolumeclaims"]),
        Asks::cluster(
            &["create", "update", "patch", "delete"],
            "storage.k8s.io",
            &["storageclasses", "csidrivers", "csinodes", "volumeattachments"],
        ),
        Asks::new(
            &["create", "update", "patch", "delete"],
            "storage.k8s.io",
            &["csistoragecapacities"],
        ),
    ]],
    may: "delete or redirect storage",
    fix: "remove the verbs that are not needed, unless it provisions storage",
};
