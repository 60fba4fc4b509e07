//! A role that allows changing Gatekeeper's policies.
//!
//! # What it does
//!
//! Finds rules that allow `create`, `update`, `patch` or `delete` on constraint templates, mutations or the
//! configuration of Gatekeeper, without limiting it to names.
//!
//! # Why is this bad
//!
//! The policy that the cluster relies on can be switched off.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: gatekeeper-writing}
//! rules:
//! - {apiGroups: [templates.gatekeeper.sh], resources: [constrainttemplates], verbs: [delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: gatekeeper-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gatekeeper-writing}
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
//! metadata: {name: gatekeeper-writing}
//! rules:
//! - {apiGroups: [templates.gatekeeper.sh], resources: [constrainttemplates], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: gatekeeper-writing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gatekeeper-writing}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC550",
        name: "gatekeeper-writing",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P50"],
        source: include_str!("gatekeeper_writing.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[
        Asks::cluster(
            &["create", "update", "patch", "delete"],
            "templates.gatekeeper.sh",
            &["constrainttemplates"],
        ),
        Asks::cluster(
            &["create", "update", "patch", "delete"],
            "mutations.gatekeeper.sh",
            &["assign", "assignmetadata", "modifyset"],
        ),
        Asks::new(&["create", "update", "patch", "delete"], "config.gatekeeper.sh", &["configs"]),
    ]],
    may: "switch off Gatekeeper's policies",
    fix: "remove the verbs",
};
