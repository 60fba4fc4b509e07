//! A role that allows running commands in Pods.
//!
//! # What it does
//!
//! Finds rules that allow `create` on `pods/exec` without limiting it to names; before Kubernetes 1.35 also
//! `get`, since a WebSocket upgrade is a GET and was checked as nothing else.
//!
//! # Why is this bad
//!
//! A command in a Pod can do what the Pod can: read its token, its Secrets and its network.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: exec-into-pods}
//! rules:
//! - {apiGroups: [""], resources: [pods/exec], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: exec-into-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: exec-into-pods}
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
//! metadata: {name: exec-into-pods}
//! rules:
//! - {apiGroups: [""], resources: [pods/exec], resourceNames: [db-0], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: exec-into-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: exec-into-pods}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC518",
        name: "exec-into-pods",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P18"],
        source: include_str!("exec_into_pods.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[
        Asks::new(&["create"], "", &["pods/exec"]),
        Asks::new(&["get"], "", &["pods/exec"]).before(35),
    ]],
    may: "run commands in any Pod",
    fix: "remove the rule, or limit it with `resourceNames`",
};
