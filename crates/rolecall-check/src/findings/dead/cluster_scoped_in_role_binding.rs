use rolecall_rbac::{Catalog, PolicyRule, Text};

use super::url_in_role_binding::bound_in_namespaces_only;
use crate::context::Context;
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{joined, listed};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC208, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let rule = at.rule;
        let dead: Vec<usize> = (0..rule.resources.len())
            .filter(|index| {
                rule.resources
                    .get(*index)
                    .is_some_and(|entry| is_dead(context, rule, &rule.verbs, entry))
            })
            .collect();
        if !at.role.is_cluster_role() {
            findings.extend(dead_verbs(context, at));
        }
        let Some(first) = dead.first() else { continue };
        let entries: Vec<&Text> =
            dead.iter().filter_map(|index| rule.resources.get(*index)).collect();
        let entries: Vec<&str> = entries.into_iter().map(|entry| &**entry).collect();
        let what = if entries.len() == 1 { "is" } else { "are" };
        let finding = if at.role.is_cluster_role() {
            if dead.len() < rule.resources.len() {
                continue;
            }
            let Some(bindings) = bound_in_namespaces_only(context, at.role) else { continue };
            let Some(binding) = bindings.first() else { continue };
            let message = format!(
                "{} {what} cluster-scoped, and only RoleBindings refer to this ClusterRole",
                listed(&entries)
            );
            base(at, *first, message)
                .fix("grant it with a ClusterRoleBinding, or remove the rule")
                .related((*binding).into(), "does not grant this rule")
        } else {
            let message =
                format!("{} {what} cluster-scoped: a Role cannot grant it", listed(&entries));
            let message = if entries.len() == 1 {
                message
            } else {
                message.replace("grant it", "grant them")
            };
            base(at, *first, message)
                .fix("move it to a ClusterRole that a ClusterRoleBinding grants")
        };
        let finding = finding.about(format!("{} {}", entries.join(","), joined(&rule.verbs)));
        // An unknown API group might have a namespaced resource with this name.
        let is_any_group = rule.api_groups.iter().any(|group| **group == *"*");
        let finding = if is_any_group { of_known_groups(finding) } else { finding };
        findings.push(of_one_namespace(at, finding));
    }
}

/// Adds that the statement is limited to operators that are installed for their own namespace.
fn of_one_namespace(at: RuleAt<'_>, finding: Finding) -> Finding {
    if !at.role.metadata.is_for_all_namespaces() {
        return finding;
    }
    let message =
        format!("{}, unless OLM installs the operator for all namespaces", finding.message);
    let fix = "move it to `clusterPermissions`".to_owned();
    finding.message(message).severity(Severity::Info).fix(fix)
}

/// Reports the verbs of a Role that only ClusterRoleBindings can grant, on resources with other verbs that have
/// an effect: `escalate` next to `bind` on ClusterRoles.
fn dead_verbs(context: &Context<'_>, at: RuleAt<'_>) -> Option<Finding> {
    let rule = at.rule;
    let has =
        |entry: &&Text, verb: &Text| is_dead(context, rule, std::slice::from_ref(verb), entry);
    let entries: Vec<&Text> = rule
        .resources
        .iter()
        .filter(|entry| !entry.contains('/') && !is_dead(context, rule, &rule.verbs, entry))
        .filter(|entry| rule.verbs.iter().any(|verb| has(entry, verb)))
        .collect();
    let first = entries.first()?;
    let dead: Vec<&str> =
        rule.verbs.iter().filter(|verb| has(first, verb)).map(|verb| &**verb).collect();
    let index = rule.verbs.iter().position(|verb| has(first, verb))?;
    let names: Vec<&str> = entries.iter().map(|entry| &***entry).collect();
    let (verbs, is) = (listed(&dead), if dead.len() == 1 { "is" } else { "are" });
    let message = format!(
        "{verbs} on {} {is} authorized at cluster scope: a Role cannot grant {}",
        listed(&names),
        if dead.len() == 1 { "it" } else { "them" }
    );
    let finding = Finding::new(RULE.meta, at.role.into(), message)
        .at(at.value("verbs", index))
        .about(format!("{} {}", names.join(","), dead.join(",")))
        .severity(Severity::Medium)
        .fix(format!("move {verbs} to a ClusterRole that a ClusterRoleBinding grants"));
    let is_any_group = rule.api_groups.iter().any(|group| **group == *"*");
    let finding = if is_any_group { of_known_groups(finding) } else { finding };
    Some(of_one_namespace(at, finding))
}

/// Adds that the statement is limited to known API groups.
fn of_known_groups(finding: Finding) -> Finding {
    let message = format!("{}, in every known API group", finding.message);
    finding.message(message).severity(Severity::Low)
}

fn base(at: RuleAt<'_>, first: usize, message: String) -> Finding {
    Finding::new(RULE.meta, at.role.into(), message).at(at.value("resources", first))
}

/// API groups without namespaced resources, in any version of Kubernetes.
const CLUSTER_SCOPED: [&str; 5] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "node.k8s.io",
];

/// Returns whether an entry names a cluster-scoped resource in every group that has it, with verbs
/// that a RoleBinding cannot grant.
fn is_dead(context: &Context<'_>, rule: &PolicyRule, verbs: &[Text], entry: &Text) -> bool {
    let catalog = context.catalog();
    let (name, _) = entry.split_once('/').unwrap_or((entry, ""));
    if name == "*" {
        return rule.api_groups.iter().all(|group| CLUSTER_SCOPED.contains(&&**group));
    }
    let mut cluster_scoped = false;
    for group in groups_of(catalog, rule, name) {
        if !known::is_built_in(group) && catalog.get(group, name).is_none() {
            return false;
        }
        match catalog.is_namespaced(group, name) {
            Some(true) => return false,
            Some(false) if catalog.counts_in_role_binding(group, name, verbs) => {
                return false;
            }
            Some(false) => cluster_scoped = true,
            None if known::is_not_always_served(group, name) => return false,
            None => {}
        }
    }
    cluster_scoped
}

/// Returns the API groups of a rule; for `*` those that have the resource.
fn groups_of<'a>(catalog: &'a Catalog, rule: &'a PolicyRule, name: &'a str) -> Vec<&'a str> {
    if !rule.api_groups.iter().any(|group| **group == *"*") {
        return rule.api_groups.iter().map(|group| &**group).collect();
    }
    let served = catalog.named(name).filter(|served| *served.resource == *name);
    served.map(|served| &*served.group).collect()
}
