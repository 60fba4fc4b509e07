//! The local evaluator as a reviewer.

use rolecall_rbac::{Authorizer, Verdict as Decided};

use crate::{Answer, Question, Reviewer, Verdict};

/// Answers from what was read.
#[derive(Clone, Copy, Debug)]
pub struct LocalReviewer<'a> {
    authorizer: &'a Authorizer,
}

impl<'a> LocalReviewer<'a> {
    /// Builds a reviewer out of an authorizer.
    pub fn new(authorizer: &'a Authorizer) -> Self {
        Self { authorizer }
    }

    /// Answers one question. What RBAC does not allow a node, the Node authorizer may.
    pub fn answer(&self, question: &Question) -> Answer {
        let answer = self.answer_by_rbac(question);
        match answer.verdict {
            Verdict::NoOpinion if question.identity.is_node() => {
                Answer { verdict: Verdict::Unknown, ..answer }
            }
            _ => answer,
        }
    }

    /// Answers one question as if there were no other authorizer, to compare that with a server.
    pub fn answer_by_rbac(&self, question: &Question) -> Answer {
        let decision = self.authorizer.authorize(&question.identity, &question.request);
        let verdict = match &decision.verdict {
            Decided::Allowed { .. } => Verdict::Allowed,
            Decided::NoOpinion => Verdict::NoOpinion,
            Decided::Unknown { .. } => Verdict::Unknown,
        };
        Answer::new(verdict, decision.reason())
    }
}

impl Reviewer for LocalReviewer<'_> {
    type Error = std::convert::Infallible;

    async fn review(&self, question: &Question) -> Result<Answer, Self::Error> {
        Ok(self.answer(question))
    }
}
