//! What the server says to a question that roles and bindings decide.
//!
//! Other authorizers, such as a webhook, ABAC or the Node authorizer, may decide otherwise than RBAC.
//! Nothing that is listed tells of them, so the server is asked where the caller may.

use rolecall_rbac::{Decision, Identity, VerdictKind};
use rolecall_review::live::Means;
use rolecall_review::{Answer, Cause, Question, compare, local_answer};

use super::{Live, settle};
use crate::error::CommandError;
use crate::ui::Ui;

/// What a server says beside a decision.
#[derive(Clone, Debug)]
pub(crate) enum Opinion {
    /// The same.
    Same,
    /// Something else, and why probably.
    Other(Answer, Cause),
    /// Nothing: it may not be asked, or an authorizer failed.
    None,
}

/// Asks the server for its answers to questions that are decided, each beside the decision. `me` is
/// the caller, where it asks about itself.
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

/// Asks the server for its answer to one question that is decided.
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
