//! A role that allows acting as somebody else for some verbs.
//!
//! # What it does
//!
//! Finds rules that allow one of the `impersonate:MODE` verbs of constrained impersonation without limiting
//! it to names.
//!
//! # Why is this bad
//!
//! It is narrower than `impersonate`, for each verb has to be allowed by an `impersonate-on:MODE:VERB` too,
//! and cannot take `system:masters`. It still lends the identities of others.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: constrained-impersonation}
//! rules:
//! - {apiGroups: [authentication.k8s.io], resources: [users], verbs: ["impersonate:user-info"]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: constrained-impersonation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: constrained-impersonation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit it to the identities that are meant, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: constrained-impersonation}
//! rules:
//! - {apiGroups: [authentication.k8s.io], resources: [users], resourceNames: [jane], verbs: ["impersonate:user-info"]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: constrained-impersonation}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: constrained-impersonation}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC533",
        name: "constrained-impersonation",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions { from: Some(35), before: None },
        rows: &["P33"],
        source: include_str!("constrained_impersonation.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(
            &[
                "impersonate:user-info",
                "impersonate:serviceaccount",
                "impersonate:arbitrary-node",
                "impersonate:associated-node",
            ],
            "authentication.k8s.io",
            &["serviceaccounts"],
        ),
        Asks::cluster(
            &[
                "impersonate:user-info",
                "impersonate:serviceaccount",
                "impersonate:arbitrary-node",
                "impersonate:associated-node",
            ],
            "authentication.k8s.io",
            &["users", "groups", "nodes", "uids"],
        ),
    ]],
    may: "act as others for the verbs that they may impersonate on",
    fix: "limit it to the identities that are meant, with `resourceNames`",
};
