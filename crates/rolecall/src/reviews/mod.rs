//! Access reviews as API servers answer them: a stream in, the same objects with a `status` out.
//!
//! ```text
//! bytes -> [ stream ] -> one review's text -> [ answer ] -> the object with its status
//!            JSON lines, JSON, Lists, YAML       Spec -> Request -> Decision -> Status
//! ```
//!
//! What is held at a time is one batch of reviews, whatever the length of the input.

mod answer;
mod asked;
mod spec;

pub(crate) use answer::{Answered, Known, Reviewer, may_be_of_sender};
pub(crate) use asked::{AskedReview, asked};
pub(crate) use rolecall_yaml::stream::{Piece, Stream};
