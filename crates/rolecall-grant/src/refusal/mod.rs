//! Finds refusals in any text: from output of servers and clients to the denied requests.
//!
//! ```text
//! bytes -> [ Scanner ] anchors -> peel encodings -> sentence | escalation | remark -> [ Scan ]
//! ```
//!
//! The scanner searches for a few rare words and reads only the text around them, so scanning large
//! logs is as fast as a byte search. It first reads a text verbatim, then with encodings undone,
//! then with broken lines joined and with other quotes. Text with more than one interpretation
//! never becomes a denial: it becomes a [`Remark`] with the problem, or an [`Unnamed`] if only the
//! user is missing.

mod anchors;
mod audit;
mod block;
mod escalation;
mod fields;
mod fold;
mod loose;
mod margin;
mod mask;
mod peel;
mod plain;
mod quote;
mod reader;
mod reason;
mod remark;
mod restore;
mod rules;
mod scan;
mod segment;
mod sentence;
mod unnamed;
mod url;
mod writes;

pub use escalation::Escalation;
pub use reason::{MissingRole, OtherAuthorizer};
pub use remark::{Admission, Doubt, Field, Remark, RemarkKind};
pub use scan::{Scan, Scanner};
pub use unnamed::{Place, Unnamed, UnnamedReason};
pub use writes::Write;

pub(crate) use fields::is_namespace;
use rolecall_rbac::{Request, Text};

/// One refused request, with all its occurrences in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The refused user; the sentence does not list groups.
    pub user: Text,
    /// The refused request.
    pub request: Request,
    /// The reason of the server's authorizers, if any.
    pub reason: Option<Text>,
    /// The position and count.
    pub seen: Seen,
}

/// The first position and the number of occurrences in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The one-based line of the first occurrence.
    pub line: u64,
    /// The number of occurrences.
    pub count: u64,
}
