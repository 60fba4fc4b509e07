//! The changes that stop all paths, the output of `paths --cut`.

use rolecall_grant::json_of;
use rolecall_paths::{CutGrant, CutPlan, NoCut, Sink};
use serde::Serialize;
use serde_json::Value;

use super::{API_VERSION, ObjectReference, RuleDetails};
use crate::answer::paths::objects;

/// A plan without which subjects reach the sink, or the reason why there is none.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EscalationCut<'a> {
    api_version: &'static str,
    kind: &'static str,
    sink: String,
    grants: Vec<CutDetails<'a>>,
    /// The objects to apply, in this order.
    objects: Vec<Value>,
    /// The reason why there is no plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    obstacle: Option<Obstacle>,
    gaps: Vec<String>,
}

/// A grant to remove.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CutDetails<'a> {
    binding: ObjectReference<'a>,
    role: ObjectReference<'a>,
    subject: ObjectReference<'a>,
    /// The rule of the role by position; absent if all rules are removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    /// The number of paths on which the grant was found.
    paths: usize,
    /// The rules that the subject loses.
    loses: Vec<RuleDetails<'a>>,
}

#[derive(Debug, Serialize)]
struct Obstacle {
    /// `kept` if all grants of a path must stay, `unproved` if the changes would open other paths.
    reason: &'static str,
    /// A subject that reaches the sink.
    subject: String,
}

impl<'a> EscalationCut<'a> {
    /// Copies a plan.
    pub(crate) fn new(
        sink: &Sink,
        planned: &'a Result<CutPlan<'_>, NoCut>,
        gaps: Vec<String>,
    ) -> Self {
        let plan = planned.as_ref().ok();
        let grants = plan.map(|plan| plan.grants.iter().map(CutDetails::new).collect());
        let objects = plan.map(|plan| objects(plan).iter().map(json_of).collect());
        Self {
            api_version: API_VERSION,
            kind: "EscalationCut",
            sink: sink.to_string(),
            grants: grants.unwrap_or_default(),
            objects: objects.unwrap_or_default(),
            obstacle: planned.as_ref().err().map(|reason| match reason {
                NoCut::Kept(subject) => Obstacle { reason: "kept", subject: subject.to_string() },
                NoCut::Unproved(subject) => {
                    Obstacle { reason: "unproved", subject: subject.to_string() }
                }
            }),
            gaps,
        }
    }
}

impl<'a> CutDetails<'a> {
    fn new(grant: &'a CutGrant<'_>) -> Self {
        Self {
            binding: ObjectReference::binding(grant.binding),
            role: ObjectReference::role(grant.role),
            subject: ObjectReference::subject(grant.subject, &grant.binding.metadata),
            rule_index: grant.rule,
            paths: grant.paths,
            loses: grant.loses.iter().map(RuleDetails::new).collect(),
        }
    }
}
