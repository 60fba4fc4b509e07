use rolecall_rbac::{PolicyRule, Text, covers};

use crate::context::Context;
use crate::fate::{self, Dead};
use crate::findings::Rule;
use crate::rule_at::RuleAt;
use crate::words::{group_names, joined, listed, quote};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC203, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let impossible = impossible_groups(context, at, findings);
        // A rule without a valid group has already been reported.
        if !impossible {
            misplaced_resources(context, at, findings);
        }
    }
}

/// Reports groups that cannot match; returns whether there is no other in the rule.
fn impossible_groups(context: &Context<'_>, at: RuleAt<'_>, findings: &mut Vec<Finding>) -> bool {
    let mut count = 0;
    for (index, group) in at.rule.api_groups.iter().enumerate() {
        let Some(meant) = fate::of_group(at.rule, group, context.catalog()) else { continue };
        count += 1;
        let fix = match meant {
            Some("") => "use `\"\"`, the core group".to_owned(),
            Some(meant) => format!("use `{meant}`"),
            None => correction(group),
        };
        let message = format!("{} is not an API group, so nothing matches it", quote(group));
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.value("apiGroups", index))
            .about(&**group)
            .fix(fix);
        findings.push(finding);
    }
    count > 0 && count == at.rule.api_groups.len()
}

/// Returns the correction of a text that cannot be an API group.
pub(super) fn correction(group: &str) -> String {
    let lower = group.to_lowercase();
    if group.contains('*') {
        "list each API group, or use `*` for all of them".to_owned()
    } else if let Some((head, _)) = group.split_once('/') {
        format!("use `{head}` without the version")
    } else if lower != group {
        format!("use `{lower}`")
    } else {
        "use the group that `kubectl api-resources` shows, without the version".to_owned()
    }
}

fn misplaced_resources(context: &Context<'_>, at: RuleAt<'_>, findings: &mut Vec<Finding>) {
    let mut misplaced: Vec<(usize, &str, Vec<&str>)> = Vec::new();
    for (index, entry) in at.rule.resources.iter().enumerate() {
        if let Some(Dead::Group { meant }) = fate::of_resource(at.rule, entry, context.catalog()) {
            misplaced.push((index, entry, meant));
        }
    }
    // Report consecutive related groups together.
    for run in misplaced.chunk_by(|left, right| left.2 == right.2) {
        let Some((first, _, meant)) = run.first() else { continue };
        let entries: Vec<&str> = run.iter().map(|(_, entry, _)| *entry).collect();
        let groups = group_names(&at.rule.api_groups);
        let verb = if entries.len() == 1 { "is" } else { "are" };
        let message = format!("{} {verb} not in {groups}: nothing matches", listed(&entries));
        let lacking = entries.iter().find(|entry| {
            entry.split_once('/').is_some_and(|(name, subresource)| {
                let has = |group: &&str| {
                    known::has_subresource(context.catalog(), group, name, subresource)
                };
                !meant.iter().any(has)
            })
        });
        let is_spare = meant.iter().any(|group| is_granted(at, &entries, group));
        let meant: Vec<String> = meant.iter().map(|group| quote(group)).collect();
        let it = if entries.len() == 1 { "it" } else { "them" };
        let fix = match lacking {
            _ if is_spare => {
                format!("remove {it}: the role grants {it} in {} as well", meant.join(" or "))
            }
            Some(entry) => {
                let name = entry.split('/').next().unwrap_or_default();
                format!("`{name}` is in {}, and has no such subresource", meant.join(" or "))
            }
            None => format!("use {} in a rule with `apiGroups` {}", it, meant.join(" or ")),
        };
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.value("resources", *first))
            .about(format!("{} in {}", entries.join(","), joined(&at.rule.api_groups)))
            .severity(if is_spare { Severity::Low } else { RULE.meta.severity })
            .fix(fix);
        findings.push(finding);
    }
}

/// Returns whether a role grants the verbs of a rule on resources in another API group.
fn is_granted(at: RuleAt<'_>, entries: &[&str], group: &str) -> bool {
    let meant = PolicyRule {
        api_groups: [Text::from(group)].into_iter().collect(),
        resources: entries.iter().copied().map(Text::from).collect(),
        ..at.rule.clone()
    };
    covers(&at.role.rules, &[meant]).is_complete()
}
