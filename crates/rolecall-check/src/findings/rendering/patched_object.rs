use rolecall_rbac::{Binding, PolicyRule, Role};

use super::build::{Pair, Pairs, pair_subjects};
use crate::words::listed;
use crate::{FieldPath, Finding, Severity, documents};

/// Finds subjects and rules of the source that are not in the result.
pub(super) fn check(pairs: &Pairs<'_>, findings: &mut Vec<Finding>) {
    findings.extend(pairs.bindings.iter().filter_map(|pair| of_binding(pairs, pair)));
    findings.extend(pairs.roles.iter().filter_map(of_role));
}

fn of_binding(pairs: &Pairs<'_>, pair: &Pair<'_, Binding>) -> Option<Finding> {
    let Pair { source, result } = *pair;
    let kept = pair_subjects(source, result);
    let names = |binding: &Binding, is_kept: &dyn Fn(usize) -> bool| -> Vec<String> {
        let others = binding.subjects.iter().enumerate().filter(|(index, _)| !is_kept(*index));
        others.map(|(_, subject)| subject.notation(&result.metadata)).collect()
    };
    let lost = names(source, &|index| kept.iter().any(|(before, _)| *before == index));
    if lost.is_empty() {
        return None;
    }
    let gained = names(result, &|index| kept.iter().any(|(_, after)| *after == index));
    let lose = if lost.len() == 1 { "loses" } else { "lose" };
    let mut message = format!("a patch drops subjects: {} {lose} the grant", listed(&lost));
    if !gained.is_empty() {
        let gain = if gained.len() == 1 { "gains" } else { "gain" };
        message.push_str(&format!(", and {} {gain} it", listed(&gained)));
    }
    let finding = Finding::new(&documents::RC703, result.into(), String::new())
        .at(FieldPath::key("subjects"))
        .about(lost.join(","));
    let origin = &result.metadata.origin;
    let has_directive = pairs.build.result.unknown_fields().iter().any(|field| {
        field.origin == *origin && field.name == result.metadata.name && field.path.contains('$')
    });
    if !has_directive {
        let finding = finding.message(message);
        return Some(
            finding.fix(
                "list all subjects in the patch, because the list in a patch replaces the list in the source",
            ),
        );
    }
    let stay: Vec<String> = kept
        .iter()
        .filter_map(|(_, after)| Some(result.subjects.get(*after)?.notation(&result.metadata)))
        .collect();
    if !stay.is_empty() {
        let keep = if stay.len() == 1 { "keeps" } else { "keep" };
        message.push_str(&format!(
            "; {} {keep} it, although `$patch` should delete it",
            listed(&stay)
        ));
    }
    let finding = finding.message(message);
    let fix = "use a JSON patch with `op: remove`, or list the remaining subjects without `$patch`";
    Some(finding.severity(Severity::High).fix(fix))
}

fn of_role(pair: &Pair<'_, Role>) -> Option<Finding> {
    let Pair { source, result } = *pair;
    if source.aggregation.is_some() || result.aggregation.is_some() {
        return None;
    }
    let is_kept = |rule: &PolicyRule| result.rules.iter().any(|other| contains(other, rule));
    let dropped = source.rules.iter().enumerate().filter(|(_, rule)| !is_kept(rule));
    let dropped: Vec<String> = dropped.map(|(index, _)| format!("rules[{index}]")).collect();
    if dropped.is_empty() {
        return None;
    }
    let message = format!("a patch drops or reduces {} of the source", listed(&dropped));
    let finding = Finding::new(&documents::RC703, result.into(), message)
        .at(FieldPath::key("rules"))
        .about(dropped.join(","))
        .fix("list all rules in the patch, because the list in a patch replaces the list in the source");
    Some(finding)
}

/// Returns whether a rule grants everything that another one grants, apart from the names of objects, which
/// builds replace.
fn contains(rule: &PolicyRule, other: &PolicyRule) -> bool {
    let lists = |rule: &PolicyRule| {
        let PolicyRule { verbs, api_groups, resources, non_resource_urls, .. } = rule.clone();
        [verbs, api_groups, resources, non_resource_urls]
    };
    lists(rule)
        .iter()
        .zip(&lists(other))
        .all(|(all, some)| some.iter().all(|text| all.contains(text)))
}
