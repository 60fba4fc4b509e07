use super::fate::{self, Dead};
use crate::context::Context;
use crate::findings::Rule;
use crate::words::{group_names, listed, quote};
use crate::{Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC204, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for dead in super::dead_entries(context) {
        let Dead::Resource { similar } = dead.why else { continue };
        // Rules contain only the plural; the group is in another field.
        let groups = &dead.at.rule.api_groups;
        let is_here = |group: &str| groups.iter().any(|it| **it == *group || **it == *"*");
        let (here, elsewhere): (Vec<String>, Vec<String>) =
            similar.into_iter().partition(|name| is_here(split(name).1));
        let (similar, other_group) = match (here.is_empty(), elsewhere.first()) {
            (true, Some(first)) => {
                (vec![split(first).0.to_owned()], Some(split(first).1.to_owned()))
            }
            _ => (here.iter().map(|name| split(name).0.to_owned()).collect(), None),
        };
        let catalog = context.catalog();
        if groups.iter().all(|group| fate::of_group(dead.at.rule, group, catalog).is_some()) {
            continue;
        }
        let upper_case = dead.entry.chars().any(|c| c.is_ascii_uppercase());
        let (message, fix) = if upper_case && similar.is_empty() {
            let message =
                format!("{} matches nothing: resource names are lower case", quote(dead.entry));
            (message, format!("use `{}`, if that is the plural", dead.entry.to_lowercase()))
        } else {
            let has = if groups.len() == 1 { "has" } else { "have" };
            let fix = match &*similar {
                [] => "correct the name or the API group, or remove it".to_owned(),
                similar if other_group.is_some() => {
                    let group = other_group.unwrap_or_default();
                    let place = group_names(&[&*group]);
                    format!("use {} in a rule for {place} if you meant that one", listed(similar))
                }
                similar => format!("use {} if you meant that one", listed(similar)),
            };
            (format!("{} {has} no resource {}", group_names(groups), quote(dead.entry)), fix)
        };
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(finding);
    }
}

/// Splits `deployments.apps` into the plural and the group.
fn split(name: &str) -> (&str, &str) {
    name.split_once('.').unwrap_or((name, ""))
}
