use rolecall_rbac::{Catalog, PolicyRule, Text, is_template};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::{joined, quote};
use crate::{Finding, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC213, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let is_for_signers = names_signers(at.rule);
        if !is_for_signers && names_may_have_stars(context.catalog(), at.rule) {
            continue;
        }
        for (index, name) in at.rule.resource_names.iter().enumerate() {
            if !name.contains('*') || is_template(name) || is_for_signers && is_of_domain(name) {
                continue;
            }
            let fix = match &**name {
                _ if is_for_signers => "use `DOMAIN/*` for all signers of a domain",
                "*" => "remove `resourceNames` to allow all objects",
                _ => "list every object: names are compared literally",
            };
            let message = format!("{} is compared literally: no object has that name", quote(name));
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("resourceNames", index))
                .about(format!("{name} {}", joined(&at.rule.resources)))
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Returns whether all resources of a rule are signers.
fn names_signers(rule: &PolicyRule) -> bool {
    rule.api_groups.iter().all(|group| **group == *"certificates.k8s.io")
        && !rule.resources.is_empty()
        && rule.resources.iter().all(|resource| **resource == *"signers")
}

/// Returns whether a name is `DOMAIN/*`, which servers check in addition to the name of a signer.
fn is_of_domain(name: &str) -> bool {
    name.strip_suffix("/*").is_some_and(|domain| !domain.is_empty() && !domain.contains(['*', '/']))
}

/// Returns whether the names of a rule can contain `*`: names of signers, users, groups and other
/// impersonated identities, and names that the servers of other API groups check.
pub(super) fn names_may_have_stars(catalog: &Catalog, rule: &PolicyRule) -> bool {
    let is_built_in = |resource: &Text| {
        let parent = resource.split('/').next().unwrap_or_default();
        known::built_in_groups().any(|group| known::has_resource(catalog, group, parent))
    };
    let is_others = |group: &Text| match &**group {
        "*" => !rule.resources.iter().all(is_built_in),
        group => !known::is_built_in(group),
    };
    if rule.api_groups.iter().any(is_others) {
        return true;
    }
    let names_of_others = |resource: &str| {
        let parent = resource.split('/').next().unwrap_or_default();
        matches!(parent, "signers" | "users" | "groups" | "uids" | "userextras")
    };
    rule.resources.iter().any(|resource| names_of_others(resource))
}
