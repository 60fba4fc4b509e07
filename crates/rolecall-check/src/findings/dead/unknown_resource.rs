use rolecall_rbac::Text;

use crate::context::Context;
use crate::dead_entry::DeadEntry;
use crate::fate::{self, Dead};
use crate::findings::Rule;
use crate::words::{group_names, listed, quote};
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC204, check };

/// The number of unknown resources of one rule that are still reported individually.
const INDIVIDUAL: usize = 20;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let catalog = context.catalog();
    for dead in super::dead_entries(context).chunk_by(DeadEntry::is_beside) {
        let unknown: Vec<Unknown<'_, '_>> = dead.iter().filter_map(Unknown::of).collect();
        let Some(first) = unknown.first() else { continue };
        let rule = first.dead.at.rule;
        if rule.api_groups.iter().all(|group| fate::of_group(rule, group, catalog).is_some()) {
            continue;
        }
        let (alike, others): (Vec<_>, Vec<_>) =
            unknown.iter().partition(|unknown| unknown.similar.is_empty());
        if alike.len() <= INDIVIDUAL {
            findings.extend(unknown.iter().map(Unknown::finding));
            continue;
        }
        findings.extend(others.into_iter().map(Unknown::finding));
        findings.extend(together(&alike));
    }
}

/// An entry of `resources` that is in none of the rule's groups.
struct Unknown<'d, 'a> {
    dead: &'d DeadEntry<'a>,
    /// The plurals that might be the intended ones.
    similar: Vec<String>,
    /// The group of these, if it is not a group of the rule.
    other_group: Option<String>,
}

impl<'d, 'a> Unknown<'d, 'a> {
    fn of(dead: &'d DeadEntry<'a>) -> Option<Self> {
        let Dead::Resource { similar } = &dead.why else { return None };
        // Rules contain only the plural; the group is in another field.
        let groups = &dead.at.rule.api_groups;
        let is_here = |group: &str| groups.iter().any(|it| **it == *group || **it == *"*");
        let (here, elsewhere): (Vec<&str>, Vec<&str>) =
            similar.iter().map(String::as_str).partition(|name| is_here(split(name).1));
        let (similar, other_group) = match (here.is_empty(), elsewhere.first()) {
            (true, Some(first)) => {
                (vec![split(first).0.to_owned()], Some(split(first).1.to_owned()))
            }
            _ => (here.iter().map(|name| split(name).0.to_owned()).collect(), None),
        };
        Some(Self { dead, similar, other_group })
    }

    fn finding(&self) -> Finding {
        let Self { dead, similar, other_group } = self;
        let groups = &dead.at.rule.api_groups;
        let upper_case = dead.entry.chars().any(|c| c.is_ascii_uppercase());
        let (message, fix) = if upper_case && similar.is_empty() {
            let message =
                format!("{} matches nothing: resource names are lower case", quote(dead.entry));
            (message, format!("use `{}`, if that is the plural", dead.entry.to_lowercase()))
        } else {
            let fix = match (&**similar, other_group) {
                ([], _) => "correct the name or the API group, or remove it".to_owned(),
                (similar, Some(group)) => {
                    let place = group_names(&[group]);
                    format!("use {} in a rule for {place} if you meant that one", listed(similar))
                }
                (similar, None) => format!("use {} if you meant that one", listed(similar)),
            };
            let has = has(groups);
            (format!("{} {has} no resource {}", group_names(groups), quote(dead.entry)), fix)
        };
        Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix)
    }
}

/// Reports unknown resources of one rule together.
fn together(unknown: &[&Unknown<'_, '_>]) -> Option<Finding> {
    let [first, second, third, rest @ ..] = unknown else { return None };
    let (dead, groups) = (first.dead, &first.dead.at.rule.api_groups);
    let named = [first, second, third].map(|unknown| quote(unknown.dead.entry)).join(", ");
    let message = format!(
        "{} {} no resources {named} and {} others",
        group_names(groups),
        has(groups),
        rest.len()
    );
    let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
        .at(dead.at.value("resources", dead.index))
        .about(dead.entry)
        .fix("correct the names or the API group, or remove them");
    Some(finding)
}

fn has(groups: &[Text]) -> &'static str {
    if groups.len() == 1 { "has" } else { "have" }
}

/// Splits `deployments.apps` into the plural and the group.
fn split(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}
