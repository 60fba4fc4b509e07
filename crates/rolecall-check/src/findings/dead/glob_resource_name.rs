use rolecall_rbac::{Catalog, PolicyRule, Text, is_template};

use crate::context::Context;
use crate::findings::Rule;
use crate::words::{joined, quote};
use crate::{Finding, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC213, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        if names_may_have_stars(context.catalog(), at.rule) {
            continue;
        }
        for (index, name) in at.rule.resource_names.iter().enumerate() {
            if !name.contains('*') || is_template(name) {
                continue;
            }
            let fix = match &**name {
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
