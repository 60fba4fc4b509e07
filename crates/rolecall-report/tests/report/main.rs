//! The document in a page answers the same as the evaluator, and shows hostile text as text.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod answers;
mod decoded;
mod hostile;
mod universe;
