//! One finding for one cause.

use std::cmp::Reverse;
use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use crate::{Also, Category, Finding, ObjectRef, Related, Severity, Step};

/// The findings about workloads that run with rights which are reported themselves.
const OF_WORKLOADS: [&str; 2] = ["RC557", "RC558"];

/// A rule of a role, or the roleRef of a binding.
type Place = (ObjectRef, Option<usize>);

/// Joins the findings about the risks of one rule, or of one binding's role: the gravest one stays and
/// names the codes of the others. Workloads that run with rights which are reported are named there.
///
/// Meant for findings that are graded and not suppressed, so that none hides behind one that is off.
pub fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut groups: HashMap<Place, Vec<usize>, FxBuildHasher> = HashMap::default();
    for (index, finding) in findings.iter().enumerate() {
        if let Some(place) = place(finding) {
            groups.entry(place).or_default().push(index);
        }
    }
    let gravity = |index: &usize| {
        findings.get(*index).map(|finding| (Reverse(finding.severity), finding.rule.code))
    };
    // Where each finding goes: itself, or the one that it is joined to.
    let mut into: Vec<usize> = (0..findings.len()).collect();
    for group in groups.into_values() {
        let Some(gravest) = group.iter().copied().min_by_key(gravity) else { continue };
        for index in group {
            if let Some(target) = into.get_mut(index) {
                *target = gravest;
            }
        }
    }
    workloads_into_bindings(&findings, &mut into);
    join(findings, &into)
}

/// Sends findings about workloads to those about the bindings that give them their rights.
fn workloads_into_bindings(findings: &[Finding], into: &mut [usize]) {
    if !findings.iter().any(is_of_workload) {
        return;
    }
    let mut by_binding: HashMap<&ObjectRef, usize, FxBuildHasher> = HashMap::default();
    for (index, finding) in findings.iter().enumerate() {
        let is_grave = finding.severity >= Severity::High && place(finding).is_some();
        if !is_grave || into.get(index) != Some(&index) {
            continue;
        }
        let bindings = finding.related.iter().map(|related| &related.object);
        for binding in bindings.chain([&finding.object]) {
            let known = by_binding.entry(binding).or_insert(index);
            if findings.get(*known).is_some_and(|known| known.severity < finding.severity) {
                *known = index;
            }
        }
    }
    for (index, finding) in
        findings.iter().enumerate().filter(|(_, finding)| is_of_workload(finding))
    {
        let mut bindings = finding.related.iter().map(|related| &related.object);
        let reported = bindings.find_map(|binding| by_binding.get(binding));
        if let (Some(reported), Some(target)) = (reported, into.get_mut(index)) {
            *target = *reported;
        }
    }
}

/// Joins findings to those that they go to.
fn join(findings: Vec<Finding>, into: &[usize]) -> Vec<Finding> {
    let mut kept: Vec<Option<Finding>> = Vec::with_capacity(findings.len());
    let mut joined: Vec<(usize, Finding)> = Vec::new();
    for (index, finding) in findings.into_iter().enumerate() {
        match into.get(index) {
            Some(target) if *target != index => {
                joined.push((*target, finding));
                kept.push(None);
            }
            _ => kept.push(Some(finding)),
        }
    }
    for (target, finding) in joined {
        let Some(Some(main)) = kept.get_mut(target) else { continue };
        if is_of_workload(&finding) {
            let note = "runs with these rights".to_owned();
            main.related.push(Related { object: finding.object.clone(), note });
        }
        let is_known = finding.rule.code == main.rule.code
            || main.also.iter().any(|also| also.rule.code == finding.rule.code);
        if !is_known {
            let Finding { rule, severity, message, .. } = finding;
            main.also.push(Also { rule, severity, message });
        }
    }
    let mut kept: Vec<Finding> = kept.into_iter().flatten().collect();
    for finding in kept.iter_mut().filter(|finding| !finding.also.is_empty()) {
        finding.also.sort_by_key(|also| also.rule.code);
        let codes: Vec<&str> = finding.also.iter().map(|also| also.rule.code).collect();
        finding.message = format!("{} (also {})", finding.message, codes.join(", "));
    }
    kept
}

/// Returns which rule or role reference a finding about a risk is about.
fn place(finding: &Finding) -> Option<Place> {
    if finding.rule.category != Category::Risk {
        return None;
    }
    let rule = match &*finding.field.steps {
        [Step::Key(key), Step::Index(index), ..] if **key == *"rules" => Some(*index),
        [Step::Key(key), ..] if **key == *"roleRef" => None,
        _ => return None,
    };
    Some((finding.object.clone(), rule))
}

fn is_of_workload(finding: &Finding) -> bool {
    OF_WORKLOADS.contains(&finding.rule.code)
}
