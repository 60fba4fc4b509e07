//! A binding refers to a role that does not exist.
//!
//! # What it does
//!
//! Looks up the role of every RoleBinding and ClusterRoleBinding: a Role in the binding's own namespace,
//! a ClusterRole by its name. Default roles of Kubernetes count as existing, and nothing is said where
//! the role may be in something that could not be read.
//!
//! # Why is this bad
//!
//! The API server accepts such a binding and grants nothing through it. Whoever relies on it is refused,
//! and whoever may create a role of that name later decides what the binding's subjects may do.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-reads-pods, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-reader}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Create the role, or correct `kind` and `name` of the roleRef. A roleRef cannot be changed in place:
//! delete the binding and create it anew.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-reads-pods, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pod-reader}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: pod-reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```

use rolecall_rbac::{Binding, Role, RoleKind, edit_distance};

use crate::context::{Context, listed};
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions, validation};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC101",
        name: "missing-role",
        category: Category::Broken,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P59"],
        source: include_str!("missing_role.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        let reference = &binding.role_ref;
        let skipped = !validation::has_role_kind(binding)
            || reference.name.is_empty()
            || context.role_of(binding).is_some()
            || may_be_elsewhere(context, binding);
        if skipped {
            continue;
        }
        let place = match reference.kind {
            RoleKind::Role => format!(" in namespace `{}`", binding.metadata.namespace),
            _ => String::new(),
        };
        let message = format!(
            "{} `{}` does not exist{place}: nothing is granted",
            reference.kind, reference.name
        );
        let similar = similar_roles(context, binding);
        let fix = match &*similar {
            [] => format!(
                "create the {} `{}`, or correct the roleRef",
                reference.kind, reference.name
            ),
            similar => format!("refer to {}, if that was meant", listed(similar)),
        };
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("roleRef").then_key("name"))
            .about(format!("{}/{}", reference.kind, reference.name))
            .fix(fix);
        findings.push(finding);
    }
}

/// Returns whether the role may be what could not be read, or what has no namespace of its own yet.
fn may_be_elsewhere(context: &Context<'_>, binding: &Binding) -> bool {
    let name = &binding.role_ref.name;
    let cluster_role = binding.role_ref.kind == RoleKind::ClusterRole;
    let assumed = |role: &Role| {
        !role.is_cluster_role()
            && role.metadata.name == *name
            && (role.metadata.namespace_assumed || binding.metadata.namespace_assumed)
    };
    context.inventory().gaps().iter().any(|gap| gap.may_hide_role_of(binding))
        || (!cluster_role && context.inventory().roles().iter().any(assumed))
}

/// Returns the roles that the reference may have meant, as references that work.
fn similar_roles(context: &Context<'_>, binding: &Binding) -> Vec<String> {
    let name = &binding.role_ref.name;
    let tolerated = 1 + name.chars().count() / 8;
    let mut similar: Vec<(usize, String)> = context
        .inventory()
        .roles()
        .iter()
        .filter(|role| {
            let reachable =
                role.is_cluster_role() || role.metadata.namespace == binding.metadata.namespace;
            reachable && (role.is_cluster_role() || !binding.is_cluster_role_binding())
        })
        .map(|role| (edit_distance(&role.metadata.name, name), role))
        .filter(|(distance, _)| *distance <= tolerated)
        .map(|(distance, role)| (distance, format!("{} {}", role.kind(), role.metadata.name)))
        .collect();
    similar.sort();
    similar.into_iter().map(|(_, role)| role).take(3).collect()
}
