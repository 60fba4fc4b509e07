//! The local evaluator as a reviewer.

use rolecall_rbac::{Authorizer, Decision};

use crate::{Answer, Question, Reviewer};

/// Answers from the inventory.
#[derive(Clone, Copy, Debug)]
pub struct LocalReviewer<'a> {
    authorizer: &'a Authorizer,
}

impl<'a> LocalReviewer<'a> {
    /// Builds a reviewer from an authorizer.
    pub fn new(authorizer: &'a Authorizer) -> Self {
        Self { authorizer }
    }

    /// Answers one question.
    pub fn answer(&self, question: &Question) -> Answer {
        local_answer(&self.authorizer.authorize(&question.identity, &question.request))
    }

    /// Answers one question as if RBAC were the only authorizer, to compare the answer with a
    /// server's.
    pub fn answer_by_rbac(&self, question: &Question) -> Answer {
        local_answer(&self.authorizer.authorize_by_rbac(&question.identity, &question.request))
    }
}

/// Returns a decision as an answer, to compare it with a server's.
pub fn local_answer(decision: &Decision<'_>) -> Answer {
    Answer::new(decision.verdict.kind(), decision.reason())
}

impl Reviewer for LocalReviewer<'_> {
    type Error = std::convert::Infallible;

    async fn review(&self, question: &Question) -> Result<Answer, Self::Error> {
        Ok(self.answer(question))
    }
}
