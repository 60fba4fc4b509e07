//! Fixes of denials, the output of `fix`.

use std::collections::BTreeSet;

use rolecall_grant::{Answer, Outcome, Plan, Preflight, json_of};
use rolecall_rbac::{Gap, Metadata};
use serde::Serialize;
use serde_json::Value;

use super::{ObjectReference, RequestDetails, RuleDetails};
use crate::answer::fix::{DryRun, Gathered, Patch};
use crate::answer::repair::Located;
use crate::note::{missing_role_texts, note_text};
use crate::resolved::label;
use crate::words;

/// The objects that fix denials, with the proof.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct FixPlan<'a> {
    /// The objects to apply, in this order.
    objects: Vec<Value>,
    answers: Vec<AnswerDetails<'a>>,
    /// The requests that become allowed in addition.
    gained: Vec<GainedDetails<'a>>,
    refused: Vec<RefusedDetails<'a>>,
    notes: Vec<String>,
    /// The unread parts because of which the requests might already be allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    gaps: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    patches: Vec<PatchDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preflight: Option<PreflightDetails<'a>>,
    /// With --dry-run: the objects that the server rejects.
    #[serde(skip_serializing_if = "Option::is_none")]
    dry_run: Option<Vec<RefusedObjectDetails<'a>>>,
    /// Objects that might already exist, and would be replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    in_doubt: Vec<ObjectReference<'a>>,
    /// Corrections of existing objects that would suffice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repairs: Vec<RepairDetails<'a>>,
}

#[derive(Debug, Serialize)]
struct RepairDetails<'a> {
    object: ObjectReference<'a>,
    /// The change and its location, as text.
    text: String,
    /// The correction as a JSON patch of the object.
    patch: Value,
}

#[derive(Debug, Serialize)]
struct RefusedObjectDetails<'a> {
    object: ObjectReference<'a>,
    because: &'a str,
}

/// A denied request, and the evaluator's verdict without and with the objects.
#[derive(Debug, Serialize)]
struct AnswerDetails<'a> {
    subject: String,
    request: RequestDetails<'a>,
    before: &'static str,
    after: &'static str,
    /// The server's reason for `after`.
    reason: &'a str,
    /// The location of the denial.
    #[serde(skip_serializing_if = "str::is_empty")]
    found: &'a str,
}

#[derive(Debug, Serialize)]
struct GainedDetails<'a> {
    subject: String,
    /// The namespace; empty for everywhere.
    namespace: &'a str,
    rules: Vec<RuleDetails<'a>>,
}

/// A request that stays denied, with the reason.
#[derive(Debug, Serialize)]
struct RefusedDetails<'a> {
    text: String,
    because: String,
    /// Narrower requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    narrower: Vec<&'static str>,
    /// Missing rules that are the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<RuleDetails<'a>>,
    /// The next steps.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PatchDetails<'a> {
    workload: ObjectReference<'a>,
    service_account: &'a str,
    /// A JSON patch; absent if the workload must be recreated.
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
struct PreflightDetails<'a> {
    clear: bool,
    denied: Vec<RequestDetails<'a>>,
    escalations: Vec<EscalationDetails<'a>>,
    undecided: Vec<UndecidedDetails<'a>>,
}

#[derive(Debug, Serialize)]
struct UndecidedDetails<'a> {
    request: RequestDetails<'a>,
    because: Vec<&'a str>,
}

#[derive(Debug, Serialize)]
struct EscalationDetails<'a> {
    object: ObjectReference<'a>,
    /// The request that bypasses the server's escalation check.
    pass: RequestDetails<'a>,
    missing: Vec<RuleDetails<'a>>,
}

impl<'a> FixPlan<'a> {
    /// Copies a plan and the results of its checks.
    pub(crate) fn new(
        plan: &'a Plan,
        gathered: &'a Gathered,
        patches: &'a [Patch],
        preflight: Option<&'a Preflight>,
        dry_run: Option<&'a DryRun>,
        located: &'a [Located<'a>],
    ) -> Self {
        let reference = |position: usize| {
            let object = plan.objects.get(position)?;
            Some(ObjectReference::new(object.kind(), object.metadata()))
        };
        let refused_objects = |found: &'a DryRun| {
            let objects = found.refused.iter().filter_map(|refused| {
                let object = reference(refused.object)?;
                Some(RefusedObjectDetails { object, because: &refused.because })
            });
            objects.collect()
        };
        let gained = plan.gained.iter().map(|gained| GainedDetails {
            subject: gained.subject.notation(&Metadata::new(&*gained.namespace, "")),
            namespace: &gained.namespace,
            rules: gained.rules.iter().map(RuleDetails::new).collect(),
        });
        let refused = plan.refused.iter().map(|refused| {
            let denied = &refused.denied;
            let narrower = match &refused.cause {
                rolecall_grant::Cause::Risky(risks) => {
                    risks.iter().filter_map(|risk| risk.narrower(&denied.request)).collect()
                }
                rolecall_grant::Cause::Unfixable(_) => Vec::new(),
            };
            RefusedDetails {
                text: format!("{} {}", label(&denied.identity), words::request(&denied.request)),
                because: refused.cause.to_string(),
                narrower,
                missing: Vec::new(),
                next: Vec::new(),
            }
        });
        let unresolved = gathered.unresolved.iter().map(|found| RefusedDetails {
            text: found.text.clone(),
            because: found.because.clone(),
            narrower: Vec::new(),
            missing: found.missing.iter().map(RuleDetails::new).collect(),
            next: found.next.iter().map(ToString::to_string).collect(),
        });
        let patches = patches.iter().map(|patch| PatchDetails {
            workload: ObjectReference::named(
                &patch.workload.kind,
                &patch.workload.namespace,
                &patch.workload.name,
            ),
            service_account: &patch.account,
            patch: patch.operations.as_ref(),
        });
        Self {
            objects: plan.objects.iter().map(json_of).collect(),
            answers: plan.answers.iter().map(AnswerDetails::new).collect(),
            gained: gained.collect(),
            refused: refused.chain(unresolved).collect(),
            notes: plan
                .notes
                .iter()
                .map(|note| note_text(note).0)
                .chain(missing_role_texts(gathered))
                .collect(),
            gaps: words::gaps(gaps_of(plan)),
            patches: patches.collect(),
            preflight: preflight.map(|found| PreflightDetails::new(plan, found)),
            dry_run: dry_run.map(refused_objects),
            repairs: located
                .iter()
                .map(|located| {
                    let object = &located.repair.object;
                    RepairDetails {
                        object: ObjectReference::new(object.kind(), object.metadata()),
                        text: located.in_words(),
                        patch: located.operations(),
                    }
                })
                .collect(),
            in_doubt: plan.in_doubt.iter().filter_map(|position| reference(*position)).collect(),
        }
    }
}

impl<'a> AnswerDetails<'a> {
    fn new(answer: &'a Answer) -> Self {
        let denied = &answer.denied;
        Self {
            subject: label(&denied.identity),
            request: RequestDetails::new(&denied.request),
            before: outcome_word(&answer.before),
            after: outcome_word(&answer.after),
            reason: match &answer.after {
                Outcome::Allowed { reason } => reason,
                Outcome::Denied | Outcome::Unknown { .. } => "",
            },
            found: &denied.found,
        }
    }
}

impl<'a> PreflightDetails<'a> {
    fn new(plan: &'a Plan, found: &'a Preflight) -> Self {
        let escalations = found.escalations.iter().filter_map(|escalating| {
            let object = plan.objects.get(escalating.object)?;
            Some(EscalationDetails {
                object: ObjectReference::new(object.kind(), object.metadata()),
                pass: RequestDetails::new(&escalating.pass),
                missing: escalating.missing.iter().map(RuleDetails::new).collect(),
            })
        });
        Self {
            clear: found.is_clear(),
            denied: found.denied.iter().map(RequestDetails::new).collect(),
            escalations: escalations.collect(),
            undecided: found
                .undecided
                .iter()
                .map(|undecided| UndecidedDetails {
                    request: RequestDetails::new(&undecided.request),
                    because: undecided.because.iter().map(|text| &**text).collect(),
                })
                .collect(),
        }
    }
}

/// Returns the gaps because of which requests might already be allowed.
pub(crate) fn gaps_of(plan: &Plan) -> BTreeSet<&Gap> {
    let answers = plan.answers.iter().filter_map(|answer| match &answer.before {
        Outcome::Unknown { gaps } => Some(gaps),
        Outcome::Allowed { .. } | Outcome::Denied => None,
    });
    answers.flatten().collect()
}

fn outcome_word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed { .. } => "allowed",
        Outcome::Denied => "denied",
        Outcome::Unknown { .. } => "unknown",
    }
}
