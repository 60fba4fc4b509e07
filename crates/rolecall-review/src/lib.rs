//! Access reviews: many questions, asked of a server or of the local evaluator, and compared.
//!
//! ```text
//! cells -> [ plan ] -> questions -> [ ask ] -> answers -> [ compare ] -> disagreements
//!                                      |
//!                                  [ Reviewer ]
//!                                   local | live -> [ body ] -> [ Transport ] (the caller's)
//! ```
//!
//! A question is an identity and a request; whoever answers it, the answer has the same form. The
//! live reviewer builds bodies and reads statuses; how they get to a server and back is a port that
//! the caller implements, so that all of this is tested without a network.
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
