//! Holders who can make ServiceAccounts and run Pods as them.
//!
//! # What it does
//!
//! Finds subjects that may create or change ServiceAccounts and create Pods.
//!
//! # Why is this bad
//!
//! A ServiceAccount whose name a binding or a cloud provider waits for can be made and used, and one can be
//! given a cloud identity by annotation.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: service-account-writing}
//! rules:
//! - {apiGroups: [""], resources: [serviceaccounts], verbs: [create]}
//! - {apiGroups: [""], resources: [pods], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: service-account-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: service-account-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Split the rights between holders.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: service-account-writing}
//! rules:
//! - {apiGroups: [""], resources: [serviceaccounts], verbs: [create]}
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: service-account-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: service-account-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC567",
        name: "service-account-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("service_account_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[
        &[Asks::new(&["create", "update", "patch"], "", &["serviceaccounts"])],
        &[Asks::new(&["create"], "", &["pods"])],
    ],
    may: "run Pods as ServiceAccounts that they made",
    fix: "split the rights between holders",
};
