//! RC6: access that differs from the expectations in `rolecall.yaml`.

use rolecall_access::AccessTerm;
use rolecall_paths::{Sink, Step};
use rolecall_rbac::{Binding, Grant, Request, Role};

use crate::expectation::{Expectation, Failure, Spot, Unmet};
use crate::path_words;
use crate::{Denied, FieldPath, Finding, ObjectRef, RuleCode, documents};

/// The code of undecided expectations.
pub(crate) const UNDECIDED: RuleCode = documents::RC604.code;

/// Returns a finding for each failed expectation, in order.
pub fn expectation_findings(failures: &[Failure<'_>]) -> Vec<Finding> {
    failures.iter().map(finding).collect()
}

fn finding(failure: &Failure<'_>) -> Finding {
    let meta = match &failure.unmet {
        Unmet::Denied { .. } => &documents::RC601,
        Unmet::Allowed { .. } => &documents::RC602,
        Unmet::Beyond { .. } => &documents::RC603,
        Unmet::Undecided { .. } => &documents::RC604,
        Unmet::NoSubject => &documents::RC605,
        Unmet::Meaningless { .. } => &documents::RC606,
        Unmet::Becomes { .. } => &documents::RC607,
    };
    // Fingerprint by message: line numbers and indices are unstable.
    let said = failure.to_string();
    let finding = Finding::new(meta, object(failure.expectation), said.clone())
        .at(field(failure.spot))
        .about(said);
    match &failure.unmet {
        Unmet::Denied { missing, example, .. } => denied(finding, failure, example, missing),
        Unmet::Allowed { by, .. } | Unmet::Beyond { by, .. } => granted(finding, by),
        Unmet::Becomes { sink, steps } => becomes(finding, failure, sink, steps),
        Unmet::Undecided { .. } => {
            finding.fix("make sure that rolecall can read this input, and check again")
        }
        Unmet::NoSubject => {
            finding.fix("correct the pattern, or set `optional: true` if it does not have to match")
        }
        Unmet::Meaningless { .. } => finding,
    }
}

/// Adds the grants of a path.
fn becomes(finding: Finding, failure: &Failure<'_>, sink: &Sink, steps: &[Step<'_>]) -> Finding {
    if steps.is_empty() {
        return finding.fix("remove the subject from the binding, or narrow its role");
    }
    let mut finding = path_words::add_evidence(finding, steps);
    finding.reaches = Some(sink.clone());
    let subjects = failure.holder.iter().map(ToString::to_string).collect();
    finding.fix("narrow or remove one of the grants on the path").subjects(subjects)
}

/// Adds the missing access.
fn denied(
    mut finding: Finding,
    failure: &Failure<'_>,
    example: &Request,
    missing: &AccessTerm,
) -> Finding {
    let identity = failure.holder.as_ref().map(|holder| holder.identity());
    finding.denied = identity.map(|identity| {
        Box::new(Denied {
            identity,
            requests: vec![example.clone()],
            somewhere: Vec::new(),
            access: Some(missing.clone()),
        })
    });
    finding
}

/// Adds the grants of the excess access.
fn granted(mut finding: Finding, by: &[Grant<'_>]) -> Finding {
    if let Some(first) = by.first() {
        let text = match first {
            Grant::Privileged => "membership in `system:masters`".to_owned(),
            Grant::Rule(grant) => through(grant.binding, grant.role, grant.rule_index),
        };
        let more = match by.len() {
            1 => String::new(),
            several => format!(" and {} more", several - 1),
        };
        finding.message.push_str(&format!("; granted by {text}{more}"));
    }
    for grant in by {
        if let Grant::Rule(grant) = grant {
            let rule = format!("its `rules[{}]` grants it", grant.rule_index);
            finding = finding
                .related(grant.role.into(), rule)
                .related(grant.binding.into(), "binds the subject to it");
        }
    }
    finding.fix("remove it from the role, or the subject from the binding")
}

fn through(binding: &Binding, role: &Role, rule_index: usize) -> String {
    let (binding, role) = (ObjectRef::from(binding), ObjectRef::from(role));
    let (of_binding, of_role) = (binding.position(), role.position());
    format!("{binding}{of_binding}, {role}{of_role}, rules[{rule_index}]")
}

/// Returns an expectation as an object; if it has no name, its subjects are used.
fn object(expectation: &Expectation) -> ObjectRef {
    let name = match &*expectation.name {
        "" => {
            let subjects: Vec<String> =
                expectation.subjects.iter().map(ToString::to_string).collect();
            subjects.join(",").into()
        }
        _ => expectation.name.clone(),
    };
    ObjectRef {
        origin: expectation.origin.clone(),
        kind: "Expectation".into(),
        namespace: "".into(),
        name,
    }
}

fn field(spot: Spot) -> FieldPath {
    let path = FieldPath::key(spot.field);
    spot.index.into_iter().fold(path, FieldPath::then_index)
}
