//! A role that allows writing ConfigMaps.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on ConfigMaps without limiting it to names.
//!
//! # Why is this bad
//!
//! Workloads read their settings, and sometimes their code, from ConfigMaps.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: configmap-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: configmap-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: configmap-writing}
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
//! metadata: {name: configmap-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [leader], verbs: [update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: configmap-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: configmap-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC545",
        name: "configmap-writing",
        category: Category::Risk,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P45"],
        source: include_str!("configmap_writing.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])]],
    may: "change the settings of workloads",
    fix: "limit the rule with `resourceNames`",
};
