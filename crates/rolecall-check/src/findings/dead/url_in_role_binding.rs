//! A URL is granted by RoleBindings, which cannot grant URLs.
//!
//! # What it does
//!
//! Finds rules with `nonResourceURLs` in ClusterRoles that only RoleBindings refer to.
//!
//! # Why is this bad
//!
//! Requests for URLs have no namespace and are checked against ClusterRoleBindings alone: the rule grants
//! nothing.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: metrics-reader}
//! rules:
//! - {nonResourceURLs: [/metrics], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: prometheus-metrics, namespace: monitoring}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader}
//! subjects:
//! - {kind: ServiceAccount, name: default, namespace: monitoring}
//! ```
//!
//! # How to fix
//!
//! Grant the ClusterRole with a ClusterRoleBinding.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: metrics-reader}
//! rules:
//! - {nonResourceURLs: [/metrics], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: prometheus-metrics}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: metrics-reader}
//! subjects:
//! - {kind: ServiceAccount, name: default, namespace: monitoring}
//! ```

use rolecall_rbac::{Binding, Role};

use crate::context::{Context, joined, listed};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC209",
        name: "url-in-role-binding",
        category: Category::Dead,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("url_in_role_binding.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let urls = &at.rule.non_resource_urls;
        if urls.is_empty() || !at.role.is_cluster_role() {
            continue;
        }
        let Some(bindings) = bound_in_namespaces_only(context, at.role) else { continue };
        let Some(binding) = bindings.first() else { continue };
        let message = format!(
            "a RoleBinding cannot grant {}, and only RoleBindings refer to this ClusterRole",
            listed(urls)
        );
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.path().then_key("nonResourceURLs"))
            .about(joined(urls))
            .fix("grant it with a ClusterRoleBinding, or remove the rule")
            .related((*binding).into(), "grants nothing of this rule");
        findings.push(finding);
    }
}

/// Returns a ClusterRole's bindings if there are some, all of them RoleBindings, and no aggregated
/// ClusterRole copies its rules.
pub(super) fn bound_in_namespaces_only<'a>(
    context: &Context<'a>,
    role: &Role,
) -> Option<Vec<&'a Binding>> {
    let bindings = context.bindings_to(role);
    let in_namespaces = !bindings.is_empty()
        && bindings.iter().all(|binding| !binding.is_cluster_role_binding())
        && !context.is_aggregated(role);
    in_namespaces.then_some(bindings)
}
