//! A single answer, from the evaluator or a server, and the words for verdicts.

use rolecall_rbac::{Decision, VerdictKind};
use rolecall_review::Answer;

use crate::exit::Exit;
use crate::words;

/// An answer of the evaluator or of a server.
#[derive(Clone, Debug)]
pub(crate) enum Decided<'a> {
    /// A decision of the evaluator, with its evidence.
    Local(Decision<'a>),
    /// An answer of a server, with its reason.
    Live(&'a Answer),
}

impl Decided<'_> {
    /// Returns the answer without its evidence.
    pub(crate) fn verdict(&self) -> VerdictKind {
        match self {
            Self::Local(decision) => decision.verdict.kind(),
            Self::Live(answer) => answer.verdict,
        }
    }

    /// Returns the grants, or why the answer is not known.
    pub(crate) fn through(&self, separator: &str) -> String {
        match self {
            Self::Local(decision) => words::through(decision, separator),
            Self::Live(answer) => words::review(answer),
        }
    }
}

/// Returns the exit code for a single answer.
pub(crate) fn exit_of(verdict: VerdictKind) -> Exit {
    match verdict {
        VerdictKind::Allowed => Exit::Yes,
        VerdictKind::NoOpinion | VerdictKind::Denied => Exit::No,
        VerdictKind::Unknown => Exit::Inconclusive,
    }
}

/// Returns the word for a verdict in tables.
pub(crate) fn word_of(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Allowed => "yes",
        VerdictKind::NoOpinion => "no",
        VerdictKind::Denied => "denied",
        VerdictKind::Unknown => "unknown",
    }
}

/// Returns the word for a verdict in JSON.
pub(crate) fn json_word_of(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Allowed => "allowed",
        VerdictKind::NoOpinion | VerdictKind::Denied => "denied",
        VerdictKind::Unknown => "unknown",
    }
}
