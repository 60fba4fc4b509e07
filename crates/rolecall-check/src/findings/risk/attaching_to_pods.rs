//! A role that allows attaching to Pods.
//!
//! # What it does
//!
//! Finds rules that allow `create` on `pods/attach` without limiting it to names; before Kubernetes 1.35
//! also `get`.
//!
//! # Why is this bad
//!
//! Attaching reads what a container prints and types into it; in a shell or debugger that runs commands.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: attaching-to-pods}
//! rules:
//! - {apiGroups: [""], resources: [pods/attach], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: attaching-to-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: attaching-to-pods}
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
//! metadata: {name: attaching-to-pods}
//! rules:
//! - {apiGroups: [""], resources: [pods/log], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: attaching-to-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: attaching-to-pods}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC519",
        name: "attaching-to-pods",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P19"],
        source: include_str!("attaching_to_pods.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(&["create"], "", &["pods/attach"]),
        Asks::new(&["get"], "", &["pods/attach"]).before(35),
    ]],
    may: "attach to any Pod",
    fix: "remove the rule, or limit it with `resourceNames`",
};
