//! Joins the findings of several targets.

use std::collections::HashMap;

use rolecall_check::{Finding, RuleCode};

use crate::located::LocatedFinding;

/// The source of a finding: its code, file, line, field and the kind of its object.
type Source = (RuleCode, String, u32, String, String);

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
    if found.targets.is_empty() {
        return None;
    }
    let (file, line) = found.place()?;
    let finding = &found.finding;
    let (field, kind) = (finding.field.to_string(), finding.object.kind.to_string());
    Some((finding.rule.code, file.to_owned(), line, field, kind))
}

/// Keeps the unmet expectations of each session: access that must exist has to exist in one of them, access
/// that must not exist in none.
pub(super) fn unmet(sessions: Vec<Vec<Finding>>) -> Vec<Vec<Finding>> {
    let count = sessions.len();
    if count < 2 {
        return sessions;
    }
    let key = |finding: &Finding| {
        (finding.rule.code, finding.object.name.clone(), finding.field.to_string())
    };
    let mut failed: HashMap<_, usize> = HashMap::new();
    for finding in sessions.iter().flatten() {
        *failed.entry(key(finding)).or_default() += 1;
    }
    let keep = |finding: &Finding| {
        let is_prohibition = finding.field.to_string().starts_with("cannot");
        is_prohibition || failed.get(&key(finding)) == Some(&count)
    };
    let mut reported = std::collections::BTreeSet::new();
    sessions
        .into_iter()
        .map(|findings| {
            let kept = findings.into_iter().filter(keep);
            kept.filter(|finding| reported.insert(key(finding))).collect()
        })
        .collect()
}
