//! The subjects that can become something, the output of `paths`.

use std::io;

use rolecall_paths::{ChokePoint, Evidence, Path, Step, StepRequest, Subject};
use rolecall_rbac::RuleGrant;
use serde::Serialize;

use super::document::{Document, Each, Fields, Section};
use super::{ObjectReference, RequestDetails, RuleDetails};
use crate::answer::paths::Answer;

/// The shortest path of each subject that reaches the sink.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct EscalationPaths<'a> {
    sink: String,
    /// The number of subjects from which paths were searched.
    starts: usize,
    /// The subjects that hold the sink by their own bindings.
    admins: Vec<String>,
    paths: Each<'a, &'a Path<'a>, PathDetails<'a>>,
    choke_points: Each<'a, &'a ChokePoint<'a>, ChokePointDetails<'a>>,
    /// Subjects that reach the sink only by steps that depend on something outside the input.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    possible: Vec<String>,
    /// Subjects that reach the sink only by objects that a build can still change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unbuilt: Vec<String>,
    gaps: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PathDetails<'a> {
    subject: String,
    sink: String,
    steps: Vec<StepDetails<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StepDetails<'a> {
    row: String,
    requests: Vec<MadeRequest<'a>>,
    /// The reason of each request, in the same order.
    by: Vec<EvidenceDetails<'a>>,
    gains: Vec<String>,
    assumes: Vec<String>,
}

/// A request with the identity that makes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct MadeRequest<'a> {
    subject: String,
    #[serde(flatten)]
    request: RequestDetails<'a>,
}

/// The reason why a request is allowed: exactly one kind of evidence.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct EvidenceDetails<'a> {
    #[serde(flatten)]
    grant: Option<GrantReference<'a>>,
    /// The position of the earlier step that granted the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// The role whose rules the subject already holds, so that it needs no right to bind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    covered: Option<ObjectReference<'a>>,
    /// Whether the subject is in `system:masters`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    privileged: bool,
}

/// A subject of a binding, and a rule of its role.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantReference<'a> {
    binding: ObjectReference<'a>,
    role: ObjectReference<'a>,
    subject: ObjectReference<'a>,
    rule: RuleDetails<'a>,
    rule_index: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ChokePointDetails<'a> {
    grant: GrantReference<'a>,
    /// The number of subjects that no longer reach the sink without the grant.
    cuts: usize,
}

impl<'a> EscalationPaths<'a> {
    /// Copies the paths.
    pub(crate) fn new(answer: &'a Answer<'a>) -> Self {
        let sink = answer.sink.to_string();
        let names = |subjects: &[Subject]| subjects.iter().map(ToString::to_string).collect();
        let mut paths: Vec<&Path<'a>> = answer.found.paths.iter().chain(&answer.further).collect();
        // Shortest paths stay before further ones of the same subject.
        paths.sort_by(|one, other| one.subject.cmp(&other.subject));
        let to = sink.clone();
        let path = move |path: &'a Path<'a>| PathDetails {
            subject: path.subject.to_string(),
            sink: to.clone(),
            steps: path.steps.iter().map(StepDetails::new).collect(),
        };
        let point = |point: &'a ChokePoint<'a>| ChokePointDetails {
            grant: GrantReference::new(&point.grant),
            cuts: point.cuts,
        };
        Self {
            starts: answer.found.starts,
            admins: names(&answer.found.admins),
            paths: Each::new(paths, path),
            choke_points: Each::new(&answer.choke_points, point),
            possible: names(&answer.possible),
            unbuilt: names(&answer.unbuilt),
            gaps: answer.gaps.clone(),
            sink,
        }
    }
}

impl Document for EscalationPaths<'_> {
    const KIND: &'static str = "EscalationPaths";

    fn head(&self, fields: &mut Fields) -> io::Result<()> {
        fields.add("sink", &self.sink)?;
        fields.add("starts", &self.starts)?;
        fields.add("admins", &self.admins)
    }

    fn sections(&self) -> Vec<Section<'_>> {
        vec![
            Section { key: "paths", record: "path", list: &self.paths },
            Section { key: "chokePoints", record: "chokePoint", list: &self.choke_points },
        ]
    }

    fn tail(&self, fields: &mut Fields) -> io::Result<()> {
        for (key, subjects) in [("possible", &self.possible), ("unbuilt", &self.unbuilt)] {
            if !subjects.is_empty() {
                fields.add(key, subjects)?;
            }
        }
        fields.add("gaps", &self.gaps)
    }
}

impl<'a> StepDetails<'a> {
    /// Copies a step.
    pub(super) fn new(step: &'a Step<'a>) -> Self {
        let made = |made: &'a StepRequest<'a>| MadeRequest {
            subject: Subject::of(&made.actor).to_string(),
            request: RequestDetails::new(&made.request),
        };
        Self {
            row: step.row.to_string(),
            requests: step.requests.iter().map(made).collect(),
            by: step.requests.iter().map(|made| EvidenceDetails::new(&made.by)).collect(),
            gains: vec![step.gains.to_string()],
            assumes: step.assumes.iter().map(ToString::to_string).collect(),
        }
    }
}

impl<'a> EvidenceDetails<'a> {
    fn new(evidence: &'a Evidence<'a>) -> Self {
        match evidence {
            Evidence::Privileged => Self { privileged: true, ..Self::default() },
            Evidence::Grant(grant) => {
                Self { grant: Some(GrantReference::new(grant)), ..Self::default() }
            }
            Evidence::Step(step) => Self { step: Some(*step), ..Self::default() },
            Evidence::Covered(role) => {
                Self { covered: Some(ObjectReference::role(role)), ..Self::default() }
            }
        }
    }
}

impl<'a> GrantReference<'a> {
    fn new(grant: &RuleGrant<'a>) -> Self {
        Self {
            binding: ObjectReference::binding(grant.binding),
            role: ObjectReference::role(grant.role),
            subject: ObjectReference::subject(grant.subject, &grant.binding.metadata),
            rule: RuleDetails::new(grant.rule),
            rule_index: grant.rule_index,
        }
    }
}
