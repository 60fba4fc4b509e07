//! Refusals in any text: from what servers and clients print to what was denied.
//!
//! ```text
//! bytes -> [ Scanner ] anchors -> peel encodings -> sentence | escalation | remark -> [ Scan ]
//! ```
//!
//! The scanner looks for a few rare words and reads only what stands around them, so that logs of
//! any size pass at the speed of a byte search. What is not exactly a server's wording never becomes
//! a denial: it becomes a [`Remark`] that says what is wrong with it.

mod anchors;
mod audit;
mod escalation;
mod fields;
mod fold;
mod peel;
mod plain;
mod quote;
mod reason;
mod remark;
mod scan;
mod sentence;

pub use escalation::Escalation;
pub use reason::OtherAuthorizer;
pub use remark::{Admission, Doubt, Field, Remark, RemarkKind};
pub use scan::{Scan, Scanner};

pub(crate) use fields::{is_namespace, is_printable};
use rolecall_rbac::{Request, Text};

/// One refused request, as often as the text repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The user that was refused; the sentence names no groups.
    pub user: Text,
    /// What was refused.
    pub request: Request,
    /// What the server's authorizers gave as their reason, if anything.
    pub reason: Option<Text>,
    /// Where and how often.
    pub seen: Seen,
}

/// Where something stands in the text, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The one-based line on which it stands first.
    pub line: u64,
    /// How often it stands in the text.
    pub count: u64,
}
