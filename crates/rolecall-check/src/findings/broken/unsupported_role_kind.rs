//! A binding refers to a kind that it cannot refer to.
//!
//! # What it does
//!
//! Checks the `kind` of every roleRef: a RoleBinding may name a `Role` or a `ClusterRole`, a
//! ClusterRoleBinding only a `ClusterRole`.
//!
//! # Why is this bad
//!
//! The API server rejects the binding; of one that is stored already it grants nothing.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-readers}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-reader}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant a Role with a RoleBinding in its namespace, or make it a ClusterRole.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: pod-readers}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: pod-reader}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-reader}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```

use rolecall_rbac::RoleKind;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions, validation};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC103",
        name: "unsupported-role-kind",
        category: Category::Broken,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("unsupported_role_kind.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        let violations = validation::validate_binding(binding, context.input.version);
        for violation in violations.into_iter().filter(validation::is_role_kind) {
            let kind = binding.role_ref.kind.as_str();
            let fix = match (&binding.role_ref.kind, binding.is_cluster_role_binding()) {
                (RoleKind::Role, true) => {
                    "grant the Role with a RoleBinding in its namespace, or make it a ClusterRole"
                        .to_owned()
                }
                (_, true) => "write `kind: ClusterRole`".to_owned(),
                _ => match kind.to_ascii_lowercase().as_str() {
                    "clusterrole" | "clusterroles" => "write `kind: ClusterRole`".to_owned(),
                    "role" | "roles" => "write `kind: Role`".to_owned(),
                    _ => "write `kind: Role` or `kind: ClusterRole`".to_owned(),
                },
            };
            let finding = Finding::new(RULE.meta, binding.into(), violation.message)
                .at(violation.field)
                .about(kind)
                .fix(fix);
            findings.push(finding);
        }
    }
}
