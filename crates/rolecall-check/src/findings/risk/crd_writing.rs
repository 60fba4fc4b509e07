//! A role that allows writing CustomResourceDefinitions.
//!
//! # What it does
//!
//! Finds rules that allow `update`, `patch` or `delete` on CustomResourceDefinitions without limiting it to names.
//!
//! # Why is this bad
//!
//! Deleting one deletes all its objects; a conversion webhook sees and rewrites them; a new kind falls
//! under every rule with wildcards.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: crd-writing}
//! rules:
//! - {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create, update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: crd-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: crd-writing}
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
//! metadata: {name: crd-writing}
//! rules:
//! - {apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: crd-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: crd-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC538",
        name: "crd-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P38"],
        source: include_str!("crd_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::cluster(
        &["update", "patch", "delete"],
        "apiextensions.k8s.io",
        &["customresourcedefinitions"],
    )]],
    may: "change or delete kinds with all their objects",
    fix: "limit the rule with `resourceNames`",
};
