//! The server's answers to questions that roles and bindings already decide.
//!
//! Other authorizers, such as a webhook, ABAC or the Node authorizer, can overrule RBAC. They are not
//! visible in any list, so the server is asked if the caller has permission.

use rolecall_rbac::{Decision, Identity, VerdictKind};
use rolecall_review::live::Means;
use rolecall_review::{Answer, Cause, Question, compare, local_answer};

use super::{Live, settle};
use crate::error::CommandError;
use crate::ui::Ui;

/// The server's answer compared to a decision.
#[derive(Clone, Debug)]
pub(crate) enum Opinion {
    /// The same answer.
    Same,
    /// Another answer, with the probable cause.
    Other(Answer, Cause),
    /// No answer: asking is forbidden, or an authorizer failed.
    None,
}

/// Asks the server questions that are already decided, and compares the answers. `me` is the caller, if
/// the questions are about it.
pub(crate) fn opinions(
    ui: &Ui,
    live: &Live,
    me: Option<Identity>,
    questions: &[Question],
    decisions: &[Decision<'_>],
) -> Result<Vec<Opinion>, CommandError> {
    let answers = settle(ui, live, me, questions, Means::Reviews)?.in_order(questions);
    let local: Vec<Answer> = decisions.iter().map(local_answer).collect();
    let comparison = compare(questions, &local, &answers);
    let mut opinions: Vec<Opinion> = answers
        .iter()
        .map(|answer| match answer.verdict {
            VerdictKind::Unknown => Opinion::None,
            _ => Opinion::Same,
        })
        .collect();
    for disagreement in comparison.disagreements {
        if let Some(opinion) = opinions.get_mut(disagreement.position) {
            *opinion = Opinion::Other(disagreement.live.clone(), disagreement.cause);
        }
    }
    Ok(opinions)
}

/// Asks the server a question that is already decided, and compares the answers.
pub(crate) fn opinion(
    ui: &Ui,
    live: &Live,
    me: Option<Identity>,
    question: Question,
    decision: &Decision<'_>,
) -> Result<Opinion, CommandError> {
    let decisions = std::slice::from_ref(decision);
    let opinions = opinions(ui, live, me, &[question], decisions)?;
    Ok(opinions.into_iter().next().unwrap_or(Opinion::None))
}
