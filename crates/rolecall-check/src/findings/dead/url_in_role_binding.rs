use rolecall_rbac::{Binding, Role};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::{joined, listed};
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC209, check };

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
            .related((*binding).into(), "does not grant this rule");
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
