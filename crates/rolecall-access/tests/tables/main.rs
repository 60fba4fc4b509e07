//! Tables that pin both sides of each condition in severities, words, known names and risks.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod catalogue;
mod index;
mod known;
mod risks;
mod surroundings;
mod words;
