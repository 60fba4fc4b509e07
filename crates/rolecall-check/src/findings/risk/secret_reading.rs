//! A role that allows reading any Secret by its name.
//!
//! # What it does
//!
//! Finds rules that allow `get` on Secrets without limiting it to names.
//!
//! # Why is this bad
//!
//! Secrets hold passwords, keys and tokens of ServiceAccounts. Names can be read off workloads that mount
//! them, or guessed.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-reading}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-reading}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reading}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule with `resourceNames`, or mount the Secrets that are needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-reading}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: [web-tls], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-reading}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-reading}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC510",
        name: "secret-reading",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P10"],
        source: include_str!("secret_reading.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["get"], "", &["secrets"])]],
    may: "read any Secret whose name they know",
    fix: "limit the rule with `resourceNames`, or mount the Secrets that are needed",
};
