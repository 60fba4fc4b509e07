//! Refusals with their causes, the output of `why` for a text.

use rolecall_grant::Denied;
use rolecall_rbac::{Decision, Identity, NearMiss};
use serde::Serialize;

use super::answer::{AccessCell, NearMissDetails};
use super::{RequestDetails, RuleDetails};
use crate::advice::Advice;
use crate::answer::fix::Gathered;
use crate::note::missing_role_texts;
use crate::resolved::label;

/// Refused requests with a common cause.
pub(crate) struct RefusalCause<'a> {
    /// The subject.
    pub(crate) identity: &'a Identity,
    /// The refused requests, at least one.
    pub(crate) denied: &'a [&'a Denied],
    /// The evaluator's decision about the first of them.
    pub(crate) decision: &'a Decision<'a>,
    /// The near misses of the first of them.
    pub(crate) misses: &'a [NearMiss<'a>],
    /// The commands that grant them, with remarks.
    pub(crate) advice: Advice,
}

/// The refusals in a text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "AccessRefusals")]
pub(crate) struct Refusals<'a> {
    causes: Vec<CauseDetails<'a>>,
    /// Refusals that no Role can fix, or that are uncertain.
    others: Vec<OtherDetails<'a>>,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CauseDetails<'a> {
    subject: String,
    requests: Vec<RefusedRequest<'a>>,
    /// The answer to the first of the requests.
    cell: AccessCell<'a>,
    near_misses: Vec<NearMissDetails<'a>>,
    fix: Vec<String>,
    /// Requests that no rule can grant, and the risks of the commands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct RefusedRequest<'a> {
    request: RequestDetails<'a>,
    found: &'a str,
}

#[derive(Debug, Serialize)]
struct OtherDetails<'a> {
    text: &'a str,
    because: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<RuleDetails<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    next: Vec<String>,
}

impl<'a> Refusals<'a> {
    /// Copies causes and other findings.
    pub(crate) fn new(
        causes: impl Iterator<Item = RefusalCause<'a>>,
        gathered: &'a Gathered,
    ) -> Self {
        let others = gathered.unresolved.iter().map(|found| OtherDetails {
            text: &found.text,
            because: &found.because,
            missing: found.missing.iter().map(RuleDetails::new).collect(),
            next: found.next.iter().map(ToString::to_string).collect(),
        });
        Self {
            causes: causes.filter_map(CauseDetails::new).collect(),
            others: others.collect(),
            notes: missing_role_texts(gathered).collect(),
        }
    }
}

impl<'a> CauseDetails<'a> {
    fn new(cause: RefusalCause<'a>) -> Option<Self> {
        let first = &cause.denied.first()?.request;
        let requests = cause.denied.iter().map(|denied| RefusedRequest {
            request: RequestDetails::new(&denied.request),
            found: &denied.found,
        });
        let misses = cause.misses.iter();
        Some(Self {
            subject: label(cause.identity),
            requests: requests.collect(),
            cell: AccessCell::new(cause.identity, first, cause.decision),
            near_misses: misses
                .map(|miss| {
                    NearMissDetails::new(miss, cause.identity, first).advised(&cause.advice)
                })
                .collect(),
            fix: cause.advice.commands,
            remarks: cause.advice.remarks,
        })
    }
}
