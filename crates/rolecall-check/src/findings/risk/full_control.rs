//! A role that allows everything.
//!
//! # What it does
//!
//! Finds rules that allow any verb on any resource of any API group.
//!
//! # Why is this bad
//!
//! Bound with a ClusterRoleBinding, its holders own the cluster; bound with a RoleBinding, they own the
//! namespace and can act as every ServiceAccount in it. The rule also covers everything that is installed
//! later.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: full-control}
//! rules:
//! - {apiGroups: ["*"], resources: ["*"], verbs: ["*"]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: full-control}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: full-control}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant what is needed, resource by resource.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: full-control}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: full-control}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: full-control}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use super::ask::{ANYTHING, Asks, Risk};
use crate::{Category, RuleMeta, Severity, Versions};

pub(super) const RISK: Risk = Risk {
    meta: &RuleMeta {
        code: "RC501",
        name: "full-control",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P01"],
        source: include_str!("full_control.rs"),
    },
    in_namespace: Severity::High,
    needs: &[&[Asks::new(&[ANYTHING], ANYTHING, &[ANYTHING])]],
    may: "do anything",
    fix: "grant what is needed, resource by resource",
};
