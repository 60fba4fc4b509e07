//! A role that allows writing the status of Services.
//!
//! # What it does
//!
//! Finds rules that allow `update` or `patch` on `services/status` without limiting it to names.
//!
//! # Why is this bad
//!
//! The address of a load balancer stands in the status: nodes and Pods send traffic for it to the Service,
//! so traffic to any address can be taken over (CVE-2020-8554).
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: service-status-writing}
//! rules:
//! - {apiGroups: [""], resources: [services/status], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: service-status-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: service-status-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the rule: controllers write the status.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: service-status-writing}
//! rules:
//! - {apiGroups: [""], resources: [services/status], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: service-status-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: service-status-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC544",
        name: "service-status-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P44"],
        source: include_str!("service_status_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[Asks::new(&["update", "patch"], "", &["services/status"])]],
    may: "take over traffic to any address",
    fix: "remove the rule, unless it is a load balancer's controller",
};
