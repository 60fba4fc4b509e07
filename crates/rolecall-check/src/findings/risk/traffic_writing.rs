//! A role that allows directing traffic.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update` or `patch` on Services, Endpoints, EndpointSlices, Ingresses,
//! IngressClasses or NetworkPolicies, or `delete` on NetworkPolicies, without limiting it to names.
//!
//! # Why is this bad
//!
//! Traffic can be intercepted by pointing a Service elsewhere, and opened by deleting a NetworkPolicy.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: traffic-writing}
//! rules:
//! - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: traffic-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: traffic-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs that are not needed, or limit them with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: traffic-writing}
//! rules:
//! - {apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: traffic-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: traffic-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC542",
        name: "traffic-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P42"],
        source: include_str!("traffic_writing.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(&["create", "update", "patch"], "", &["services", "endpoints"]),
        Asks::new(&["create", "update", "patch"], "networking.k8s.io", &["ingresses"]),
        // Without a policy all traffic is let through.
        Asks::new(
            &["create", "update", "patch", "delete"],
            "networking.k8s.io",
            &["networkpolicies"],
        ),
        Asks::cluster(&["create", "update", "patch"], "networking.k8s.io", &["ingressclasses"]),
        Asks::new(&["create", "update", "patch"], "discovery.k8s.io", &["endpointslices"]),
    ]],
    may: "intercept or open network traffic",
    fix: "remove the verbs that are not needed, or limit them with `resourceNames`",
};
