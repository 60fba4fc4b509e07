//! RC6: access that is not as `rolecall.yaml` expects it.

use rolecall_rbac::{Binding, Grant, Identity, Metadata, NearMiss, Origin, Request, Role};

use crate::expectation::{Expectation, Failure, Spot, Unmet};
use crate::{Denied, FieldPath, Finding, ObjectRef, documents, hint};

/// The code of what something unread decides.
pub(crate) const UNDECIDED: &str = documents::RC604.code;

/// How failed expectations are told.
#[derive(Clone, Copy)]
pub struct FailureTeller<'a> {
    /// The options with which a command reads what was judged, such as `-f deploy/`.
    pub sources: &'a str,
    /// Says what is in the way of a near miss, in one fragment.
    pub near_miss: &'a dyn Fn(&NearMiss<'_>, &Identity, &Request) -> String,
}

/// Makes findings of expectations that do not hold, in their order.
pub fn expectation_findings(failures: &[Failure<'_>], teller: FailureTeller<'_>) -> Vec<Finding> {
    failures.iter().map(|failure| finding(failure, teller)).collect()
}

fn finding(failure: &Failure<'_>, teller: FailureTeller<'_>) -> Finding {
    let meta = match &failure.unmet {
        Unmet::Denied { .. } => &documents::RC601,
        Unmet::Allowed { .. } => &documents::RC602,
        Unmet::Beyond { .. } => &documents::RC603,
        Unmet::Undecided { .. } => &documents::RC604,
        Unmet::NoSubject => &documents::RC605,
        Unmet::Meaningless { .. } => &documents::RC606,
    };
    // What is said of whom tells the failures of one expectation apart; lines and indices do not.
    let said = failure.to_string();
    let finding = Finding::new(meta, object(failure.expectation), said.clone())
        .at(field(failure.spot))
        .about(said);
    match &failure.unmet {
        Unmet::Denied { example, near, .. } => denied(finding, failure, example, near, teller),
        Unmet::Allowed { by, .. } | Unmet::Beyond { by, .. } => granted(finding, by),
        Unmet::Undecided { .. } => finding.fix("read what was not, and check again"),
        Unmet::NoSubject => {
            finding.fix("correct the pattern, or say `optional: true` if nobody has to match")
        }
        Unmet::Meaningless { .. } => finding,
    }
}

/// Adds what nearly grants what is missing, and how to grant it.
fn denied(
    mut finding: Finding,
    failure: &Failure<'_>,
    example: &Request,
    near: &[NearMiss<'_>],
    teller: FailureTeller<'_>,
) -> Finding {
    let Some(identity) = failure.holder.as_ref().map(|holder| holder.identity()) else {
        return finding;
    };
    for miss in near {
        let object = match (miss.role, miss.binding) {
            (Some(role), _) => ObjectRef::from(role),
            (None, Some(binding)) => ObjectRef::from(binding),
            (None, None) => continue,
        };
        let note = (teller.near_miss)(miss, &identity, example);
        if finding.related.is_empty() {
            let place = position(&object.origin);
            finding.message.push_str(&format!("; nearly granted by {object}{place}, but {note}"));
        }
        finding = finding.related(object, format!("nearly grants it, but {note}"));
    }
    if let Some(fix) = failure.fix() {
        finding = finding.fix(hint::grant(&[fix], teller.sources));
    }
    finding.denied =
        Some(Box::new(Denied { identity, requests: vec![example.clone()], somewhere: Vec::new() }));
    finding
}

/// Adds what grants what is too much.
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
    finding.fix("take it out of the role, or the subject out of the binding")
}

fn through(binding: &Binding, role: &Role, rule_index: usize) -> String {
    let place = |metadata: &Metadata| position(&metadata.origin);
    format!(
        "{}{}, {}{}, rules[{rule_index}]",
        ObjectRef::from(binding),
        place(&binding.metadata),
        ObjectRef::from(role),
        place(&role.metadata),
    )
}

/// Says where an object stands, in brackets; nothing for a cluster's.
fn position(origin: &Origin) -> String {
    match origin {
        Origin::Default => " (default)".to_owned(),
        origin => origin.position().map_or_else(String::new, |position| format!(" ({position})")),
    }
}

/// Names an expectation as an object; one without a name by whom it is about.
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
