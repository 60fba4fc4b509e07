//! Answers to single requests.

use rolecall_rbac::{Decision, Gap, Grant, Identity, NearMiss, Request, Verdict, VerdictKind};
use rolecall_review::Answer;
use serde::Serialize;

use super::{ObjectReference, RequestDetails, RuleDetails};
use crate::advice::Advice;
use crate::decide::{Decided, json_word_of};
use crate::explain;
use crate::resolved::{Subject, label};
use crate::words::{self, ReviewedGrant};

/// One question with its answer, the output of `can-i` and `why`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessAnswer<'a> {
    subject: SubjectDetails<'a>,
    cell: AccessCell<'a>,
    near_misses: Vec<NearMissDetails<'a>>,
}

/// The subject with its user and groups.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubjectDetails<'a> {
    subject: String,
    user: &'a str,
    groups: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<ObjectReference<'a>>,
}

/// One request and its answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessCell<'a> {
    subject: String,
    #[serde(flatten)]
    request: RequestDetails<'a>,
    verdict: &'static str,
    /// Whether an authorizer denies the request explicitly; only servers report that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    explicit: bool,
    by: Vec<GrantDetails<'a>>,
    problems: Vec<String>,
    gaps: Vec<String>,
}

/// A grant of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantDetails<'a> {
    /// Empty if the server's reason is not a grant.
    #[serde(flatten)]
    through: GrantPath<'a>,
    /// The server's reason; empty for `system:masters`.
    reason: String,
}

/// A near miss of a request.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NearMissDetails<'a> {
    kind: &'static str,
    /// The obstacle.
    message: String,
    /// The change that would allow the request.
    change: String,
    #[serde(flatten)]
    through: GrantPath<'a>,
}

/// The objects on the way from a subject to a rule, as far as there are any: `system:masters` needs
/// no binding.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct GrantPath<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    binding: Option<ObjectReference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<ObjectReference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<ObjectReference<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleDetails<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
}

impl<'a> AccessAnswer<'a> {
    /// Copies a decision and the near misses of a denial, with the advice about it.
    pub(crate) fn new(
        subject: &'a Subject,
        request: &'a Request,
        decision: &Decision<'a>,
        misses: &'a [NearMiss<'a>],
        advice: &Advice,
    ) -> Self {
        let near_misses = misses
            .iter()
            .map(|miss| NearMissDetails::new(miss, &subject.identity, request).advised(advice))
            .collect();
        Self {
            subject: SubjectDetails::new(subject),
            cell: AccessCell::new(&subject.identity, request, decision),
            near_misses,
        }
    }

    /// Copies a server's answer.
    pub(crate) fn reviewed(subject: &'a Subject, request: &'a Request, answer: &'a Answer) -> Self {
        Self {
            subject: SubjectDetails::new(subject),
            cell: AccessCell::reviewed(&subject.identity, request, answer),
            near_misses: Vec::new(),
        }
    }
}

impl<'a> SubjectDetails<'a> {
    /// Copies a subject.
    pub(crate) fn new(subject: &'a Subject) -> Self {
        let identity = &subject.identity;
        Self {
            subject: label(identity),
            user: &identity.user,
            groups: identity.groups.iter().map(|group| &**group).collect(),
            workload: subject.workload.as_ref().map(|workload| {
                ObjectReference::named(&workload.kind, &workload.namespace, &workload.name)
            }),
        }
    }
}

impl<'a> AccessCell<'a> {
    /// Copies a decision.
    pub(crate) fn new(identity: &Identity, request: &'a Request, decision: &Decision<'a>) -> Self {
        let (by, gaps): (&[Grant<'a>], &[Gap]) = match &decision.verdict {
            Verdict::Allowed { by } => (by, &[]),
            Verdict::NoOpinion => (&[], &[]),
            Verdict::Unknown { gaps } => (&[], gaps),
        };
        Self {
            subject: label(identity),
            request: RequestDetails::new(request),
            verdict: verdict_word(&decision.verdict),
            explicit: false,
            by: by.iter().map(GrantDetails::new).collect(),
            problems: decision.problems.iter().map(words::problem).collect(),
            gaps: gaps.iter().map(ToString::to_string).collect(),
        }
    }

    /// Copies an answer from the evaluator or a server.
    pub(crate) fn decided(
        identity: &Identity,
        request: &'a Request,
        decided: &'a Decided<'a>,
    ) -> Self {
        match decided {
            Decided::Local(decision) => Self::new(identity, request, decision),
            Decided::Live(answer) => Self::reviewed(identity, request, answer),
        }
    }

    /// Copies a server's answer.
    pub(crate) fn reviewed(identity: &Identity, request: &'a Request, answer: &'a Answer) -> Self {
        let word = answer.verdict;
        let reason = || (!answer.reason.is_empty()).then(|| answer.reason.clone());
        let problem =
            reason().filter(|_| matches!(word, VerdictKind::NoOpinion | VerdictKind::Denied));
        let by = (word == VerdictKind::Allowed).then(|| GrantDetails::reviewed(&answer.reason));
        Self {
            subject: label(identity),
            request: RequestDetails::new(request),
            verdict: json_word_of(word),
            explicit: word == VerdictKind::Denied,
            by: by.flatten().into_iter().collect(),
            problems: problem.into_iter().collect(),
            gaps: reason().filter(|_| word == VerdictKind::Unknown).into_iter().collect(),
        }
    }
}

impl<'a> GrantDetails<'a> {
    /// Copies a server's reason; `None` if it is empty.
    fn reviewed(reason: &'a str) -> Option<Self> {
        let reference = |(kind, namespace, name)| ObjectReference::named(kind, namespace, name);
        let through = match ReviewedGrant::parse(reason) {
            Some(granted) => GrantPath {
                binding: Some(reference(granted.binding)),
                role: Some(reference(granted.role)),
                subject: Some(reference(granted.subject)),
                ..GrantPath::default()
            },
            None if reason.is_empty() => return None,
            None => GrantPath::default(),
        };
        Some(Self { through, reason: reason.to_owned() })
    }

    /// Copies a grant.
    pub(crate) fn new(grant: &Grant<'a>) -> Self {
        let through = match grant {
            Grant::Privileged => GrantPath {
                subject: Some(ObjectReference::named("Group", "", "system:masters")),
                ..GrantPath::default()
            },
            Grant::Rule(grant) => GrantPath {
                binding: Some(ObjectReference::binding(grant.binding)),
                role: Some(ObjectReference::role(grant.role)),
                subject: Some(ObjectReference::subject(grant.subject, &grant.binding.metadata)),
                rule: Some(RuleDetails::new(grant.rule)),
                rule_index: Some(grant.rule_index),
            },
        };
        Self { through, reason: grant.to_string() }
    }
}

impl<'a> NearMissDetails<'a> {
    /// Replaces the change if no rule can grant the request.
    #[must_use]
    pub(super) fn advised(mut self, advice: &Advice) -> Self {
        if let Some(instead) = advice.instead() {
            self.change = instead.to_owned();
        }
        self
    }

    /// Copies a near miss.
    pub(super) fn new(miss: &'a NearMiss<'a>, identity: &Identity, request: &Request) -> Self {
        let explanation = explain::near_miss(miss, identity, request);
        let subject = miss.binding.zip(miss.subject);
        Self {
            kind: miss.kind.as_str(),
            message: explanation.message,
            change: explanation.change,
            through: GrantPath {
                binding: miss.binding.map(ObjectReference::binding),
                role: miss.role.map(ObjectReference::role),
                subject: subject
                    .map(|(binding, subject)| ObjectReference::subject(subject, &binding.metadata)),
                rule: miss.rule.map(|(_, rule)| RuleDetails::new(rule)),
                rule_index: miss.rule.map(|(index, _)| index),
            },
        }
    }
}

/// Returns the word for a verdict in JSON.
fn verdict_word(verdict: &Verdict<'_>) -> &'static str {
    match verdict {
        Verdict::Allowed { .. } => "allowed",
        Verdict::NoOpinion => "denied",
        Verdict::Unknown { .. } => "unknown",
    }
}
