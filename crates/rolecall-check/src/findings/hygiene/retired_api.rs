use std::collections::BTreeMap;

use rolecall_rbac::{PolicyRule, Text, Texts, covers};

use crate::context::Context;
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{group_names, listed};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC407, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        // Group by the unserved API group and the current groups of the resources.
        let mut found: BTreeMap<(&str, Vec<&str>), Vec<usize>> = BTreeMap::new();
        for (index, entry) in at.rule.resources.iter().enumerate() {
            let name = name_of(entry);
            if let Some(group) = retired_group(context, at.rule, name) {
                let today: Vec<&str> = context
                    .catalog()
                    .named(name)
                    // A custom resource of that name is another kind of object.
                    .filter(|served| *served.resource == *name && known::is_built_in(&served.group))
                    .map(|served| &*served.group)
                    .collect();
                found.entry((group, today)).or_default().push(index);
            }
        }
        for ((group, today), indices) in found {
            let entries: Vec<&str> = indices
                .iter()
                .filter_map(|index| at.rule.resources.get(*index))
                .map(|entry| &**entry)
                .collect();
            let mut names: Vec<&str> = entries.iter().map(|entry| name_of(entry)).collect();
            names.dedup();
            let object = if names.len() == 1 { "it" } else { "them" };
            let fix = match &*today {
                [] => format!("remove {object}, unless older servers need {object}"),
                today => format!("use {object} in {}", group_names(today)),
            };
            let (what, place) = (listed(&names), group_names(&[group]));
            let removed: Vec<Option<u16>> =
                names.iter().map(|name| known::removed_in(group, name)).collect();
            let message = match &*removed {
                [Some(minor), rest @ ..]
                    if context.input.version.minor >= *minor
                        && rest.iter().all(|it| *it == Some(*minor)) =>
                {
                    let is = if names.len() == 1 { "is" } else { "are" };
                    format!("{what} of {place} {is} no longer served as of Kubernetes 1.{minor}")
                }
                _ => format!(
                    "Kubernetes {} does not serve {what} of {place} by default",
                    context.input.version
                ),
            };
            // Requests are denied unless the role grants the same access in the current group.
            let is_refused = !today.is_empty() && !has_equivalent(at, &today, &entries);
            let severity = if is_refused { RULE.meta.severity } else { Severity::Info };
            let first = indices.first().copied().unwrap_or_default();
            let finding = Finding::new(RULE.meta, at.role.into(), message)
                .at(at.value("resources", first))
                .about(format!("{group}/{}", entries.join(",")))
                .severity(severity)
                .fix(fix);
            findings.push(finding);
        }
    }
}

/// Returns the group of a rule that does not serve a resource, if no other group of the rule does.
fn retired_group<'r>(context: &Context<'_>, rule: &'r PolicyRule, name: &str) -> Option<&'r str> {
    let catalog = context.catalog();
    let mut groups = rule.api_groups.iter().map(|group| &**group);
    let is_served = |group: &str| {
        group == "*" || !known::is_built_in(group) || catalog.get(group, name).is_some()
    };
    let retired = groups.clone().find(|group| {
        catalog.get(group, name).is_none() && known::is_not_always_served(group, name)
    })?;
    (!groups.any(is_served)).then_some(retired)
}

/// Returns whether other rules of the role grant the same access in a group that serves the
/// resource.
fn has_equivalent(at: RuleAt<'_>, today: &[&str], entries: &[&str]) -> bool {
    today.iter().any(|group| {
        let wanted = PolicyRule {
            api_groups: Texts::from([Text::from(*group)]),
            resources: entries.iter().map(|entry| Text::from(*entry)).collect(),
            ..at.rule.clone()
        };
        covers(&at.role.rules, &[wanted]).is_complete()
    })
}

fn name_of(entry: &str) -> &str {
    entry.split('/').next().unwrap_or_default()
}
