//! Access reviews as API servers answer them: a stream in, the same objects with a `status` out.
//!
//! ```text
//! bytes -> [ stream ] -> one review's text -> [ answer ] -> the object with its status
//!            JSON lines, JSON, Lists, YAML       Spec -> Request -> Decision -> Status
//! ```
//!
//! Only one batch of reviews is in memory at a time.

mod answer;
mod asked;
pub(crate) mod body;
mod error;
mod fields;
mod objects;
mod spec;

pub use answer::{Answered, Known, Responder, may_be_of_sender};
pub use asked::{AskedReview, asked};
pub use error::ReviewError;
