//! One decision, with what only the command line knows of it, whoever made it.

use rolecall_rbac::{Authorizer, Decision, Gap, Identity, Origin, Request, Unread, Verdict};
use rolecall_review::{Answer, Verdict as Reviewed};

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

/// An answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Word {
    /// Allowed.
    Yes,
    /// Not allowed.
    No,
    /// Forbidden, whatever else would allow it; only servers say that.
    Denied,
    /// Something that was not read or could not be asked decides it.
    Unknown,
}

impl Decided<'_> {
    /// Returns the answer in one word.
    pub(crate) fn word(&self) -> Word {
        match self {
            Self::Local(decision) => match &decision.verdict {
                Verdict::Allowed { .. } => Word::Yes,
                Verdict::NoOpinion => Word::No,
                Verdict::Unknown { .. } => Word::Unknown,
            },
            Self::Live(answer) => Word::of(answer),
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

impl Word {
    /// Returns a server's answer in one word.
    pub(crate) fn of(answer: &Answer) -> Self {
        match answer.verdict {
            Reviewed::Allowed => Self::Yes,
            Reviewed::NoOpinion => Self::No,
            Reviewed::Denied => Self::Denied,
            Reviewed::Unknown => Self::Unknown,
        }
    }

    /// Returns how a command ends that asks for nothing else.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Yes => Exit::Yes,
            Self::No | Self::Denied => Exit::No,
            Self::Unknown => Exit::Inconclusive,
        }
    }

    /// Returns the word in tables.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the word in JSON.
    pub(crate) fn verdict(self) -> &'static str {
        match self {
            Self::Yes => "allowed",
            Self::No | Self::Denied => "denied",
            Self::Unknown => "unknown",
        }
    }
}

/// Decides a request; where the Node authorizer may allow what RBAC does not, that is a gap.
pub(crate) fn decide<'a>(
    authorizer: &'a Authorizer,
    identity: &Identity,
    request: &Request,
) -> Decision<'a> {
    let mut decision = authorizer.authorize(identity, request);
    if identity.is_node() {
        match &mut decision.verdict {
            Verdict::Allowed { .. } => {}
            Verdict::NoOpinion => decision.verdict = Verdict::Unknown { gaps: vec![node_gap()] },
            Verdict::Unknown { gaps } => gaps.push(node_gap()),
        }
    }
    decision
}

/// What keeps "no" about a node's identity from being certain.
fn node_gap() -> Gap {
    Gap {
        unread: Unread::Authorizer { name: "Node".into() },
        because: "it may allow what roles and bindings do not".into(),
        origin: Origin::default(),
    }
}
