//! A role that allows asking who may do what.
//!
//! # What it does
//!
//! Finds rules that allow `create` on SubjectAccessReviews or TokenReviews.
//!
//! # Why is this bad
//!
//! It changes nothing, but tells whoever looks for a way in where it is. API servers behind an aggregation
//! layer, and kube-rbac-proxy, need it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: access-oracle}
//! rules:
//! - {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: access-oracle}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: access-oracle}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the rule, unless the holder authenticates or authorizes others.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: access-oracle}
//! rules:
//! - {apiGroups: [authorization.k8s.io], resources: [selfsubjectaccessreviews], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: access-oracle}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: access-oracle}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC569",
        name: "access-oracle",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("access_oracle.rs"),
    },
    in_namespace: Severity::Info,
    needs: &[&[
        Asks::cluster(&["create"], "authorization.k8s.io", &["subjectaccessreviews"]),
        Asks::cluster(&["create"], "authentication.k8s.io", &["tokenreviews"]),
    ]],
    may: "find out whose a token is, and who may do what",
    fix: "remove the rule, unless the holder authenticates or authorizes others",
};
