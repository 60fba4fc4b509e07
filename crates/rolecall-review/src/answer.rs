//! What a reviewer says.

use rolecall_rbac::VerdictKind;

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes, no or not known.
    pub verdict: VerdictKind,
    /// The reviewer's words; empty when it has none.
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
