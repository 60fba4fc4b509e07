//! A subject that cannot do what it is expected to.
//!
//! # What it does
//!
//! Finds entries of `can` in `rolecall.yaml` that are not granted in full: some verb, some resource, some object name, or some
//! namespace is missing. Names what nearly grants it.
//!
//! # Why is this bad
//!
//! Somebody wrote down that the subject needs it; applied as it is, it will be refused.
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
//!   can: ['get,list configmaps in shop']
//! ```
//!
//! # How to fix
//!
//! Grant what is missing: the `rolecall fix` command that is printed makes the least YAML that does. Or correct the
//! expectation.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], verbs: [get, list]}
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
//!   can: ['get,list configmaps in shop']
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC601",
    name: "missing-access",
    category: Category::Expectation,
    severity: Severity::High,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("missing_access.rs"),
};
