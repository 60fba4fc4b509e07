use rolecall_rbac::{Role, edit_distance};

use crate::context::Context;
use crate::dead_entry::DeadEntry;
use crate::fate::Dead;
use crate::findings::Rule;
use crate::words::{listed, quote};
use crate::{Finding, Severity, documents, known};

pub(super) const RULE: Rule = Rule { meta: &documents::RC205, check };

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Generators write the same subresource for each of their kinds: report it once per role.
    let mut of_kinds: Option<(&Role, &str, Vec<&DeadEntry<'_>>)> = None;
    let all = super::dead_entries(context).chunk_by(DeadEntry::is_beside);
    for (dead, in_rule) in all.flat_map(|dead| dead.iter().map(|it| (it, dead.len()))) {
        let Dead::Subresource { subresource, existing } = &dead.why else { continue };
        let (subresource, mut existing) = (*subresource, existing.clone());
        let parent = dead.entry.split('/').next().unwrap_or_default();
        if parent == "*" {
            existing = all_subresources(context);
        }
        let groups = &dead.at.rule.api_groups;
        let is_custom = groups.iter().all(|group| !known::is_built_in(group));
        let nearest = nearest_subresource(&existing, subresource);
        let is_approvers = parent == "certificatesigningrequests"
            && dead.at.rule.verbs.iter().any(|verb| matches!(&**verb, "create" | "*"));
        // Next to existing resources, an unneeded subresource does not hide a mistake.
        let is_extra = nearest.is_none()
            && (others_match(dead, in_rule) || is_scaffold(dead, parent, subresource));
        let fix = match (nearest, &*existing) {
            _ if is_approvers => "remove it, unless an approver checks it".to_owned(),
            (Some(nearest), _) => format!("use `{parent}/{nearest}`"),
            (None, []) => format!("remove it: `{parent}` has no subresources"),
            (None, _) if parent == "*" => "use a subresource that exists".to_owned(),
            (None, existing) => format!("use one that exists: {}", listed(existing)),
        };
        if is_custom && nearest.is_none() {
            match &mut of_kinds {
                Some((role, known, entries))
                    if std::ptr::eq(*role, dead.at.role) && *known == subresource =>
                {
                    entries.push(dead);
                }
                other => findings.extend(
                    other
                        .replace((dead.at.role, subresource, vec![dead]))
                        .and_then(|(_, subresource, entries)| about_kinds(subresource, &entries)),
                ),
            }
            continue;
        }
        let message = match parent {
            "*" => format!("no resource has the subresource {}", quote(subresource)),
            parent => format!("`{parent}` has no subresource {}", quote(subresource)),
        };
        let finding = Finding::new(RULE.meta, dead.at.role.into(), message)
            .at(dead.at.value("resources", dead.index))
            .about(dead.entry)
            .fix(fix);
        findings.push(match (is_approvers, is_custom || is_extra) {
            (true, _) => finding.severity(Severity::Info),
            (false, true) => finding.severity(Severity::Low),
            (false, false) => finding,
        });
    }
    let last = of_kinds.and_then(|(_, subresource, entries)| about_kinds(subresource, &entries));
    findings.extend(last);
}

/// Returns the existing subresource that is probably the intended one.
pub(super) fn nearest_subresource<'e>(existing: &'e [String], written: &str) -> Option<&'e str> {
    let distances = existing
        .iter()
        .map(|candidate| (edit_distance(&candidate.to_lowercase(), written), &**candidate));
    let is_near = |(distance, candidate): &(usize, &str)| {
        *distance <= 2 || candidate.replace('-', "") == written.replace('-', "")
    };
    distances.filter(is_near).min().map(|(_, candidate)| candidate)
}

/// Reports a subresource that custom kinds do not have. Generators write `status` and `finalizers`
/// for every kind, so these do not indicate a mistake.
fn about_kinds(subresource: &str, entries: &[&DeadEntry<'_>]) -> Option<Finding> {
    let first = entries.first()?;
    let parent = |dead: &DeadEntry<'_>| {
        quote(dead.entry.split_once('/').map_or(dead.entry, |(parent, _)| parent))
    };
    let quoted = quote(subresource);
    let message = match entries {
        [only] => format!("{} has no subresource {quoted}", parent(only)),
        [one, other] => {
            format!("{} and {} have no subresource {quoted}", parent(one), parent(other))
        }
        several => format!(
            "{} and {} other kinds have no subresource {quoted}",
            parent(first),
            several.len() - 1
        ),
    };
    let names: Vec<&str> = entries.iter().map(|dead| dead.entry).collect();
    let severity = match subresource {
        "status" | "finalizers" => Severity::Info,
        _ => Severity::Low,
    };
    let finding = Finding::new(RULE.meta, first.at.role.into(), message)
        .at(first.at.value("resources", first.index))
        .about(names.join(" "))
        .severity(severity)
        .fix("remove it, or add the subresource to the CustomResourceDefinition");
    Some(finding)
}

/// Returns whether another entry of the rule's resources can match, given the number of those that
/// cannot.
fn others_match(dead: &DeadEntry<'_>, dead_in_rule: usize) -> bool {
    dead_in_rule < dead.at.rule.resources.len()
}

/// Returns whether another rule of the role grants the resource itself, and this entry is the
/// `status` that scaffolds add.
fn is_scaffold(dead: &DeadEntry<'_>, parent: &str, subresource: &str) -> bool {
    let (role, rule) = (dead.at.role, dead.at.rule);
    subresource == "status"
        && role.rules.iter().any(|other| {
            other.resources.iter().any(|entry| **entry == *parent)
                && rule.api_groups.iter().all(|group| other.api_groups.contains(group))
        })
}

fn all_subresources(context: &Context<'_>) -> Vec<String> {
    let mut names: Vec<String> =
        context.catalog().resources().iter().flat_map(known::subresources_of).collect();
    names.sort();
    names.dedup();
    names
}
