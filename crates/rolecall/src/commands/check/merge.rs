//! Joins the findings of several targets.

use std::collections::HashMap;

use rolecall_check::{Category, Related, RuleCode};

use crate::located::LocatedFinding;

/// The source of a finding: its code, file, line, field, the kind of its object, and for expectations the
/// failure.
type Source = (RuleCode, String, u32, String, String, String);

/// Joins the findings of different targets that come from one source: they are one fault. The most severe
/// one stands for all.
pub(super) fn targets(findings: Vec<LocatedFinding>) -> Vec<LocatedFinding> {
    let mut joined: Vec<LocatedFinding> = Vec::with_capacity(findings.len());
    let mut known: HashMap<Source, Vec<usize>> = HashMap::new();
    for found in findings {
        let Some(source) = source(&found) else {
            joined.push(found);
            continue;
        };
        let same = known.entry(source).or_default();
        // Several findings of one target at one place are different ones.
        let other = same.iter().copied().find(|index| {
            joined.get(*index).is_some_and(|joined| {
                joined
                    .targets
                    .iter()
                    .all(|it| found.targets.iter().all(|own| own.target != it.target))
            })
        });
        match other.and_then(|index| joined.get_mut(index)) {
            Some(first) => join(first, found),
            None => {
                same.push(joined.len());
                joined.push(found);
            }
        }
    }
    joined
}

fn join(first: &mut LocatedFinding, mut found: LocatedFinding) {
    if found.finding.severity > first.finding.severity {
        std::mem::swap(first, &mut found);
    }
    first.targets.append(&mut found.targets);
    first.targets.sort_by(|left, right| left.target.cmp(&right.target));
}

fn source(found: &LocatedFinding) -> Option<Source> {
    let finding = &found.finding;
    // Unmet expectations are not about the objects of a target, and can fail for several subjects.
    let is_expectation = finding.rule.category == Category::Expectation;
    if found.targets.is_empty() && !is_expectation {
        return None;
    }
    let (file, line) = found.place()?;
    let about = if is_expectation { finding.about.clone() } else { String::new() };
    let (field, kind) = (finding.field.to_string(), finding.object.kind.to_string());
    Some((finding.rule.code, file.to_owned(), line, field, kind, about))
}

/// A finding apart from its place: the code, the kind, namespace and name of its object, and the message.
type Fault = (RuleCode, String, String, String, String);

/// Joins equal findings about copies of one object in different files, such as a generated installation next
/// to the kustomization that it was generated from.
pub(super) fn copies(findings: Vec<LocatedFinding>) -> Vec<LocatedFinding> {
    let mut joined: Vec<(LocatedFinding, Vec<String>)> = Vec::with_capacity(findings.len());
    let mut known: HashMap<Fault, usize> = HashMap::new();
    for found in findings {
        let Some((fault, place)) = fault(&found).zip(position(&found)) else {
            joined.push((found, Vec::new()));
            continue;
        };
        let first = known.get(&fault).copied().and_then(|index| joined.get_mut(index));
        match first {
            Some((first, places)) if first.finding.object.origin != found.finding.object.origin => {
                let note = "has the same fault".to_owned();
                let object = found.finding.object.clone();
                first.finding.related.push(Related { object, note });
                places.push(place);
            }
            _ => {
                known.entry(fault).or_insert(joined.len());
                joined.push((found, Vec::new()));
            }
        }
    }
    let said = |(mut found, places): (LocatedFinding, Vec<String>)| {
        let others = match &*places {
            [] => return found,
            [one] => one.clone(),
            [one, more @ ..] => format!("{one} and {} other places", more.len()),
        };
        found.finding.message.push_str(&format!("; the same in {others}"));
        found
    };
    joined.into_iter().map(said).collect()
}

fn fault(found: &LocatedFinding) -> Option<Fault> {
    let finding = &found.finding;
    if matches!(finding.rule.category, Category::Expectation | Category::Suppression) {
        return None;
    }
    let object = &finding.object;
    let message = format!("{} {}: {}", finding.severity, finding.field, finding.message);
    let [kind, namespace, name] =
        [&object.kind, &object.namespace, &object.name].map(ToString::to_string);
    Some((finding.rule.code, kind, namespace, name, message))
}

fn position(found: &LocatedFinding) -> Option<String> {
    let (file, line) = found.place()?;
    Some(format!("{file}:{line}"))
}
