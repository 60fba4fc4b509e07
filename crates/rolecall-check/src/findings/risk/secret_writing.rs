//! A role that allows writing Secrets.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on Secrets without limiting it to names.
//!
//! # Why is this bad
//!
//! Who creates a Secret of type `kubernetes.io/service-account-token` that names a ServiceAccount, and may
//! read Secrets, gets a token for it that does not expire. Others can be replaced under those who trust
//! them.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-writing}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [create, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit `update` and `patch` with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: secret-writing}
//! rules:
//! - {apiGroups: [""], resources: [secrets], resourceNames: [web-session], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: secret-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: secret-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC512",
        name: "secret-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P12"],
        source: include_str!("secret_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::new(&["create", "update", "patch"], "", &["secrets"])]],
    may: "write Secrets, and mint tokens with them if they may read them",
    fix: "limit `update` and `patch` with `resourceNames`",
};
