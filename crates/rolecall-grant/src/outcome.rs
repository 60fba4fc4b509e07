//! Verdicts without their evidence.

use rolecall_rbac::{Authorizer, Gap, Verdict};

use crate::denied::Denied;

/// A verdict without its evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Allowed, with the server's reason.
    Allowed {
        /// The server's reason.
        reason: String,
    },
    /// Not allowed.
    Denied,
    /// Depends on unread input.
    Unknown {
        /// The gaps.
        gaps: Vec<Gap>,
    },
}

impl Outcome {
    /// Returns whether the request is certainly allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }

    pub(crate) fn of(authorizer: &Authorizer, denied: &Denied) -> Self {
        let decision = authorizer.authorize(&denied.identity, &denied.request);
        let reason = decision.reason();
        match decision.verdict {
            Verdict::Allowed { .. } => Self::Allowed { reason },
            Verdict::NoOpinion => Self::Denied,
            Verdict::Unknown { gaps } => Self::Unknown { gaps },
        }
    }
}
