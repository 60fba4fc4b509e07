//! A role that allows exempting Pods from Azure's Pod identity.
//!
//! # What it does
//!
//! Finds rules that allow `create` or `update` on AzurePodIdentityExceptions, without limiting it to names.
//!
//! # Why is this bad
//!
//! Exempted Pods reach the metadata service of their node and with it the node's identity.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: azure-identity-exception}
//! rules:
//! - {apiGroups: [aadpodidentity.k8s.io], resources: [azurepodidentityexceptions], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: azure-identity-exception}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: azure-identity-exception}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: azure-identity-exception}
//! rules:
//! - {apiGroups: [aadpodidentity.k8s.io], resources: [azurepodidentityexceptions], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: azure-identity-exception}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: azure-identity-exception}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC553",
        name: "azure-identity-exception",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P53"],
        source: include_str!("azure_identity_exception.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::new(
        &["create", "update"],
        "aadpodidentity.k8s.io",
        &["azurepodidentityexceptions"],
    )]],
    may: "let Pods act as their node on Azure",
    fix: "remove the verbs",
};
