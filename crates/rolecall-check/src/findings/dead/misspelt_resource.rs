use rolecall_rbac::ServedResource;

use super::unknown_subresource::nearest_subresource;
use crate::context::Context;
use crate::dead_entry::DeadEntry;
use crate::fate::Dead;
use crate::findings::Rule;
use crate::words::{group_names, listed, quote};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC202, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let mut beside_plurals: Vec<&DeadEntry<'_>> = Vec::new();
    for dead in super::dead_entries(context) {
        let Dead::Spelling { meant, subresource, in_other_group } = &dead.why else { continue };
        let (subresource, in_other_group) = (*subresource, *in_other_group);
        let has_subresource = subresource.is_empty()
            || meant.is_virtual
            || !known::is_built_in(&meant.group)
            || known::has_subresource(
                context.catalog(),
                &meant.group,
                &meant.resource,
                subresource,
            );
        let existing = known::subresources_of(meant);
        let nearest = match has_subresource {
            true => Some(subresource),
            false => nearest_subresource(&existing, subresource),
        };
        let plural = match nearest {
            None | Some("") => meant.resource.to_string(),
            Some(subresource) => format!("{}/{subresource}", meant.resource),
        };
        if dead.at.rule.resources.iter().any(|entry| **entry == *plural) {
            beside_plurals.push(dead);
            continue;
        }
        let written = dead.entry.split('/').next().unwrap_or_default();
        let message = format!(
            "{} matches nothing: it is {} `{}`",
            quote(dead.entry),
            what_is(written, meant),
            meant.resource
        );
        let fix = match in_other_group {
            true => {
                format!("use `{plural}` in a rule for {}", group_names(&[&meant.group]))
            }
            false => format!("use `{plural}`"),
        };
        let fix = match nearest {
            Some(_) => fix,
            None => format!("{fix}: there is no subresource `{subresource}`"),
        };
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(finding);
    }
    let roles = beside_plurals.chunk_by(|one, other| std::ptr::eq(one.at.role, other.at.role));
    findings.extend(roles.filter_map(about_spare_entries));
}

/// Reports the entries of a role whose rules also contain the correct spelling: nothing is missing without
/// them.
fn about_spare_entries(entries: &[&DeadEntry<'_>]) -> Option<Finding> {
    let first = entries.first()?;
    let names: Vec<&str> = entries.iter().map(|dead| dead.entry).collect();
    let (shown, more) = names.split_at_checked(SHOWN).unwrap_or((&names, &[]));
    let named = match more {
        [] => listed(shown),
        more => format!("`{}` and {} more", shown.join("`, `"), more.len()),
    };
    let (verb, fix) = match entries {
        [_] => ("matches", "remove it"),
        _ => ("match", "remove them"),
    };
    let message = format!("{named} {verb} nothing, beside the correct plural in the same rule");
    let finding = Finding::new(RULE.meta, first.at.role.into(), message)
        .at(first.at.value("resources", first.index))
        .about(names.join(","))
        .severity(Severity::Low)
        .fix(fix);
    Some(finding)
}

/// The number of entries that a finding names.
const SHOWN: usize = 3;

/// Describes how a spelling differs from the resource.
fn what_is(written: &str, meant: &ServedResource) -> &'static str {
    if written == &*meant.kind {
        "the kind of"
    } else if written == &*meant.singular {
        "the singular of"
    } else if meant.short_names.iter().any(|name| **name == *written) {
        "a short name of"
    } else {
        "another spelling of"
    }
}
