//! A role that allows writing Gateways and routes.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update`, `patch` or `delete` on GatewayClasses, Gateways or routes of
//! the Gateway API, without limiting it to names.
//!
//! # Why is this bad
//!
//! Routes direct the traffic that enters the cluster.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: gateway-writing}
//! rules:
//! - {apiGroups: [gateway.networking.k8s.io], resources: [httproutes], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: gateway-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gateway-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs that are not needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: gateway-writing}
//! rules:
//! - {apiGroups: [gateway.networking.k8s.io], resources: [httproutes], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: gateway-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gateway-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC543",
        name: "gateway-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P43"],
        source: include_str!("gateway_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(
            &["create", "update", "patch", "delete"],
            "gateway.networking.k8s.io",
            &["gateways", "httproutes", "grpcroutes", "tcproutes", "tlsroutes", "udproutes"],
        ),
        Asks::cluster(
            &["create", "update", "patch", "delete"],
            "gateway.networking.k8s.io",
            &["gatewayclasses"],
        ),
    ]],
    may: "redirect traffic that enters the cluster",
    fix: "remove the verbs that are not needed",
};
