//! Expectations of `rolecall.yaml` about the access of subjects.
//!
//! ```text
//! [ Expectation ]  -> subjects -> holders ------\
//!                  -> entries  -> access terms --+-> [ Failure ]: what is missing, too much or
//! [ Authorizer, Catalog ] -> effective access --/                 undecided, and the evidence
//! ```
//!
//! Everything is decided on sets of requests (`rolecall_access`'s algebra), never by asking examples:
//! `cannot` holds when nothing of it is granted, `only` when nothing is granted beyond it, whatever
//! wildcards the rules have. docs/configuration.md documents the file.

mod error;
mod evaluate;
mod failure;
mod model;
mod paths;
mod subject;
mod wanted;
mod worlds;
mod written;

pub use error::{EntryError, FormatError};
pub use evaluate::{Outcome, evaluate, evaluate_target};
pub use failure::{Failure, Spot, Unmet, Word};
pub use model::{AccessEntry, Expectation, NamespacePattern, ResourceEntry, Target, UrlEntry};
pub use subject::{AccountSelection, SubjectPattern, WorkloadSelection};
pub use worlds::join;
