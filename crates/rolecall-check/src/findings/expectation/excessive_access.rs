//! A subject that can do more than it is expected to at most.
//!
//! # What it does
//!
//! Finds expectations in `rolecall.yaml` with `only` whose subjects are granted something beyond it. Names every rule that grants
//! it. What `can` says is within it, and so is what Kubernetes lets everybody do.
//!
//! # Why is this bad
//!
//! Somebody wrote down all that the subject needs: the rest waits to be misused.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [configmaps, secrets], verbs: [get]}
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
//!   only: [get configmaps in shop]
//! ```
//!
//! # How to fix
//!
//! Take the rest out of the role that is named, or add it to `only`.
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
//!   only: [get configmaps in shop]
//! ```

use crate::{Category, RuleMeta, Severity, Versions};

pub(crate) const META: RuleMeta = RuleMeta {
    code: "RC603",
    name: "excessive-access",
    category: Category::Expectation,
    severity: Severity::High,
    since: "0.1.0",
    versions: Versions::ALL,
    rows: &[],
    source: include_str!("excessive_access.rs"),
};
