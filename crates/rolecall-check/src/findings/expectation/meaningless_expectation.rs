//! An expectation that means nothing here.
//!
//! # What it does
//!
//! Finds entries in `rolecall.yaml` with a resource that is not served, a verb that nothing of Kubernetes' own is asked with, a
//! namespace that no Namespace matches, or `<own>` for users and groups, which have none.
//!
//! # Why is this bad
//!
//! It is about nothing, and so says nothing.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
//! subjects:
//! - {kind: ServiceAccount, name: web}
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! expectations:
//! - name: the web and its settings
//!   subjects: [sa/shop:web]
//!   cannot: [get secrets/data]
//! ```
//!
//! # How to fix
//!
//! Write the resource as it is served: its plural, with the API group unless that is the core one.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
//! subjects:
//! - {kind: ServiceAccount, name: web}
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! expectations:
//! - name: the web and its settings
//!   subjects: [sa/shop:web]
//!   cannot: [get secrets]
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC606",
    name: "meaningless-expectation",
    category: Category::Expectation,
    severity: Severity::Medium,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("meaningless_expectation.rs"),
};
