//! A role that allows listing or watching Secrets.
//!
//! # What it does
//!
//! Finds rules that allow `list` or `watch` on Secrets.
//!
//! # Why is this bad
//!
//! A list contains the data of every Secret, not only the names.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-listing}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-listing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-listing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant `get` on the Secrets that are needed, by `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-listing}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: [web-tls], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-listing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-listing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC511",
        name: "secret-listing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P11"],
        source: include_str!("secret_listing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["list", "watch"], "", &["secrets"])]],
    may: "read all Secrets at once",
    fix: "grant `get` on the Secrets that are needed, by `resourceNames`",
};
