//! One answer, from the evaluator or a server, and what a verdict is called on the command line.

use rolecall_rbac::{Decision, VerdictKind};
use rolecall_review::Answer;

use crate::exit::Exit;
use crate::words;

/// An answer of the evaluator's, or of a server's.
#[derive(Clone, Debug)]
pub(crate) enum Decided<'a> {
    /// The evaluator's, with its evidence.
    Local(Decision<'a>),
    /// A server's, with its words.
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

    /// Returns through what it is allowed, or why that is not known.
    pub(crate) fn through(&self, separator: &str) -> String {
        match self {
            Self::Local(decision) => words::through(decision, separator),
            Self::Live(answer) => words::review(answer),
        }
    }
}

/// Returns how a command ends that asks for nothing else.
pub(crate) fn exit_of(verdict: VerdictKind) -> Exit {
    match verdict {
        VerdictKind::Allowed => Exit::Yes,
        VerdictKind::NoOpinion | VerdictKind::Denied => Exit::No,
        VerdictKind::Unknown => Exit::Inconclusive,
    }
}

/// Returns the verdict's word in tables.
pub(crate) fn word_of(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Allowed => "yes",
        VerdictKind::NoOpinion => "no",
        VerdictKind::Denied => "denied",
        VerdictKind::Unknown => "unknown",
    }
}

/// Returns the verdict's word in JSON.
pub(crate) fn json_word_of(verdict: VerdictKind) -> &'static str {
    match verdict {
        VerdictKind::Allowed => "allowed",
        VerdictKind::NoOpinion | VerdictKind::Denied => "denied",
        VerdictKind::Unknown => "unknown",
    }
}
