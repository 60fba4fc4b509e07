//! Refusals in any text: from what servers and clients print to what was denied.
//!
//! ```text
//! bytes -> [ Scanner ] anchors -> peel encodings -> sentence | escalation | remark -> [ Scan ]
//! ```
//!
//! The scanner looks for a few rare words and reads only what stands around them, so that logs of
//! any size pass at the speed of a byte search. A text is read as it stands first, then with encodings
//! undone, then with broken lines joined and in other quotes. What cannot be read in one way only never
//! becomes a denial: it becomes a [`Remark`] that says what is wrong with it, or an [`Unnamed`] where
//! just the user is missing.

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
pub use unnamed::{Namelessness, Place, Unnamed};
pub use writes::Write;

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
