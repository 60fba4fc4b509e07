//! Disagreements between the evaluator and a server.

use rolecall_review::{Answer, Comparison, Disagreement};
use serde::Serialize;

use super::RequestDetails;
use crate::decide::json_word_of;
use crate::resolved::label;

/// The output of `can-i --mode both`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub(crate) struct AccessComparison<'a> {
    compared: usize,
    unknown: usize,
    disagreements: Vec<DisagreementDetails<'a>>,
}

#[derive(Debug, Serialize)]
struct DisagreementDetails<'a> {
    subject: String,
    #[serde(flatten)]
    request: RequestDetails<'a>,
    local: AnswerDetails<'a>,
    live: AnswerDetails<'a>,
    cause: String,
}

#[derive(Debug, Serialize)]
struct AnswerDetails<'a> {
    verdict: &'static str,
    reason: &'a str,
}

impl<'a> AccessComparison<'a> {
    /// Copies a comparison.
    pub(crate) fn new(comparison: &'a Comparison<'a>) -> Self {
        let details = |disagreement: &'a Disagreement<'a>| DisagreementDetails {
            subject: label(&disagreement.question.identity),
            request: RequestDetails::new(&disagreement.question.request),
            local: AnswerDetails::new(disagreement.local),
            live: AnswerDetails::new(disagreement.live),
            cause: disagreement.cause.explain(),
        };
        Self {
            compared: comparison.compared,
            unknown: comparison.unknown,
            disagreements: comparison.disagreements.iter().map(details).collect(),
        }
    }
}

impl<'a> AnswerDetails<'a> {
    fn new(answer: &'a Answer) -> Self {
        Self { verdict: json_word_of(answer.verdict), reason: &answer.reason }
    }
}
