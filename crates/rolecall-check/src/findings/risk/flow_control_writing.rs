//! A role that allows changing the API server's flow control.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update`, `patch` or `delete` on FlowSchemas or
//! PriorityLevelConfigurations, without limiting it to names.
//!
//! # Why is this bad
//!
//! Requests of others, controllers included, can be starved.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: flow-control-writing}
//! rules:
//! - {apiGroups: [flowcontrol.apiserver.k8s.io], resources: [flowschemas], verbs: [patch]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: flow-control-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: flow-control-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Remove the verbs.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: flow-control-writing}
//! rules:
//! - {apiGroups: [flowcontrol.apiserver.k8s.io], resources: [flowschemas], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: flow-control-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: flow-control-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC568",
        name: "flow-control-writing",
        category: Category::Risk,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("flow_control_writing.rs"),
    },
    in_namespace: Severity::Medium,
    needs: &[&[Asks::cluster(
        &["create", "update", "patch", "delete"],
        "flowcontrol.apiserver.k8s.io",
        &["flowschemas", "prioritylevelconfigurations"],
    )]],
    may: "starve the requests of others",
    fix: "remove the verbs",
};
