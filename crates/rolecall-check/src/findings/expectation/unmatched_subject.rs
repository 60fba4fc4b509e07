//! An expectation about nobody.
//!
//! # What it does
//!
//! Finds expectations in `rolecall.yaml` whose `subjects` match nobody, `except` left out.
//!
//! # Why is this bad
//!
//! It holds of nobody, and so says nothing. Most often a name is misspelt, or what it meant is gone.
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
//!   subjects: ['sa/shoop:*']
//!   cannot: ['* secrets']
//! ```
//!
//! # How to fix
//!
//! Correct the pattern. `optional: true` says that there may be nobody.
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
//!   subjects: ['sa/shop:*']
//!   cannot: ['* secrets']
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC605",
    name: "unmatched-subject",
    category: Category::Expectation,
    severity: Severity::Medium,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("unmatched_subject.rs"),
};
