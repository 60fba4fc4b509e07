//! A role that allows forwarding ports of Pods.
//!
//! # What it does
//!
//! Finds rules that allow `create` on `pods/portforward` without limiting it to names; before Kubernetes
//! 1.35 also `get`.
//!
//! # Why is this bad
//!
//! A forwarded port reaches what listens on the Pod's loopback address, past Services and NetworkPolicies.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: port-forwarding}
//! rules:
//! - {apiGroups: [""], resources: [pods/portforward], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: port-forwarding}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: port-forwarding}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the rule, or limit it with `resourceNames`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: port-forwarding}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: port-forwarding}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: port-forwarding}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC521",
        name: "port-forwarding",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P21"],
        source: include_str!("port_forwarding.rs"),
    },
    in_namespace: Severity::Low,
    needs: &[&[
        Asks::new(&["create"], "", &["pods/portforward"]),
        Asks::new(&["get"], "", &["pods/portforward"]).before(35),
    ]],
    may: "reach any port of any Pod",
    fix: "remove the rule, or limit it with `resourceNames`",
};
