//! A role that allows writing APIServices.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on APIServices, without limiting it to names.
//!
//! # Why is this bad
//!
//! An APIService decides which server answers for an API group: it sees who asks for what, and answers as
//! it likes.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: api-service-writing}
//! rules:
//! - {apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: api-service-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: api-service-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Limit the rule to the holder's own APIServices, with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: api-service-writing}
//! rules:
//! - {apiGroups: [apiregistration.k8s.io], resources: [apiservices], resourceNames: [v1beta1.metrics.k8s.io], verbs: [update]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: api-service-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: api-service-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC566",
        name: "api-service-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("api_service_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::cluster(
        &["create", "update", "patch"],
        "apiregistration.k8s.io",
        &["apiservices"],
    )]],
    may: "answer for an API group in the API server's place",
    fix: "limit the rule to the holder's own APIServices, with `resourceNames`",
};
