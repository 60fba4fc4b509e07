//! A role that allows requesting tokens of any ServiceAccount.
//!
//! # What it does
//!
//! Finds rules that allow `create` on `serviceaccounts/token` without limiting it to names.
//!
//! # Why is this bad
//!
//! A token is the identity: its holder may do whatever the ServiceAccount may, from anywhere, until it
//! expires.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: token-minting}
//! rules:
//! - {apiGroups: [""], resources: [serviceaccounts/token], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: token-minting}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: token-minting}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule to the ServiceAccounts that are meant, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: token-minting}
//! rules:
//! - {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: [web], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: token-minting}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: token-minting}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC514",
        name: "token-minting",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P14"],
        source: include_str!("token_minting.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::new(&["create"], "", &["serviceaccounts/token"])]],
    may: "act as any ServiceAccount by a token of it",
    fix: "limit the rule to the ServiceAccounts that are meant, with `resourceNames`",
};
