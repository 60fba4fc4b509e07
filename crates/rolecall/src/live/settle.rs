//! The server's answers to questions that roles and bindings leave open or might get wrong.

use std::collections::BTreeMap;

use rolecall_rbac::{Identity, Request};
use rolecall_review::live::{Evidence, Means};
use rolecall_review::{Answer, Question};

use super::Live;
use super::review::{Reviewed, review};
use crate::error::CommandError;
use crate::ui::Ui;

/// The answers to a set of questions, by identity and request.
#[derive(Debug, Default)]
pub(crate) struct Answers(BTreeMap<(Identity, Request), Answer>);

/// Asks the server all questions with access reviews; an interruption is an error, so that no command
/// goes on with half of the answers. `me` is the caller, if the questions can be about it.
pub(crate) fn settle(
    ui: &Ui,
    live: &Live,
    me: Option<Identity>,
    questions: &[Question],
    means: Means,
) -> Result<Answers, CommandError> {
    let Reviewed { answers, unasked } = review(ui, live, me, questions, Evidence::Review, means)?;
    if unasked > 0 {
        return Err(CommandError::interrupted());
    }
    let keys = questions.iter().map(|it| ((*it.identity).clone(), it.request.clone()));
    Ok(Answers(keys.zip(answers).collect()))
}

impl Answers {
    /// Returns the answers in the order of the questions.
    pub(crate) fn in_order(&self, questions: &[Question]) -> Vec<Answer> {
        let key = |question: &Question| ((*question.identity).clone(), question.request.clone());
        questions.iter().filter_map(|question| self.0.get(&key(question)).cloned()).collect()
    }
}

impl IntoIterator for Answers {
    type Item = ((Identity, Request), Answer);
    type IntoIter = std::collections::btree_map::IntoIter<(Identity, Request), Answer>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
