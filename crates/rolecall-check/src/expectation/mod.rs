//! Expectations of `rolecall.yaml` about the access of subjects.
//!
//! ```text
//! [ Expectation ]  -> subjects -> holders ------\
//!                  -> entries  -> access terms --+-> [ Failure ]: what is missing, too much or
//! [ Authorizer, Catalog ] -> effective access --/                 undecided, and the evidence
//! ```
//!
//! Expectations are evaluated on sets of requests (`rolecall_access`'s algebra), not on examples: `cannot` is met
//! if no part of it is granted, and `only` if nothing beyond it is granted, regardless of the wildcards in rules.
//! docs/configuration.md documents the file.

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
