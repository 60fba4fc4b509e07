//! What a reviewer says.

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Yes, no or not known.
    pub verdict: Verdict,
    /// The reviewer's words; empty when it has none.
    pub reason: String,
}

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It is allowed.
    Allowed,
    /// Nothing allows it.
    NoOpinion,
    /// An authorizer forbids it, whatever others allow.
    Denied,
    /// The reviewer cannot tell: an authorizer failed, something was not read, or the review itself
    /// was refused.
    Unknown,
}

impl Answer {
    /// Builds an answer.
    pub fn new(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into() }
    }

    /// Returns whether it is allowed.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}
