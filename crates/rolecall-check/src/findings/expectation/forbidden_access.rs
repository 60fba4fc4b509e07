//! A subject that can do what it is expected not to.
//!
//! # What it does
//!
//! Finds entries of `cannot` in `rolecall.yaml` of which something is granted, be it one verb on one object. Names every rule
//! that grants it.
//!
//! # Why is this bad
//!
//! Somebody wrote down that this must not be possible.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
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
//!   cannot: ['* secrets']
//! ```
//!
//! # How to fix
//!
//! Take it out of the role that is named, or the subject out of its binding.
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
//!   cannot: ['* secrets']
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC602",
    name: "forbidden-access",
    category: Category::Expectation,
    severity: Severity::High,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("forbidden_access.rs"),
};
