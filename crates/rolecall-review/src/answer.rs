//! Answers of reviewers.

use rolecall_rbac::VerdictKind;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The verdict.
    pub verdict: VerdictKind,
    /// The reviewer's reason; empty if it gives none.
    pub reason: String,
}

impl Answer {
    /// Builds an answer.
    pub fn new(verdict: VerdictKind, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into() }
    }

    /// Returns whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        self.verdict == VerdictKind::Allowed
    }
}
