//! Access reviews: asks a server or the local evaluator many questions, and compares the answers.
//!
//! ```text
//! cells -> [ plan ] -> questions -> [ ask ] -> answers -> [ compare ] -> disagreements
//!                                      |
//!                                  [ Reviewer ]
//!                                   local | live -> [ body ] -> [ Transport ] (the caller's)
//! ```
//!
//! A question is an identity and a request; all reviewers answer in the same form. The live
//! reviewer builds request bodies and parses statuses. The caller implements the transport to the
//! server, so this crate is tested without a network.
#![doc = include_str!("../README.md")]

mod answer;
mod ask;
mod compare;
pub mod live;
mod local;
mod plan;
pub mod wire;

pub use answer::Answer;
pub use ask::{Asked, Ending, Progress, Reviewer, ask};
pub use compare::{Cause, Comparison, Disagreement, compare};
pub use local::{LocalReviewer, local_answer};
pub use plan::{Plan, PlanBuilder, Question};
