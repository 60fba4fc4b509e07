//! A role that allows changing who is who on EKS.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on the ConfigMap `aws-auth` of `kube-system`: those that name it, and where
//! a ServiceAccount of the input has an annotation of EKS, all.
//!
//! # Why is this bad
//!
//! On EKS it maps IAM identities to users and groups, `system:masters` included. On other clusters it means
//! nothing.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: aws-auth-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [aws-auth], verbs: [get, patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: aws-auth-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: aws-auth-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant it outside of `kube-system`, or limit it to other names.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: aws-auth-writing}
//! rules:
//! - {apiGroups: [""], resources: [configmaps], resourceNames: [leader], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: aws-auth-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: aws-auth-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC547",
        name: "aws-auth-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P47"],
        source: include_str!("aws_auth_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::new(&["update", "patch"], "", &["configmaps"])
        .only(&["aws-auth"])
        .in_system()]],
    may: "map IAM identities to any group on EKS",
    fix: "grant it outside of `kube-system`, or limit it to other names",
};
