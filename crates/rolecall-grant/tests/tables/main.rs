//! Tables that pin both sides of each condition in plans, their proof and what recognizes names.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod follow_ups;
mod generated;
mod manifest;
mod preflight;
mod repairs;
mod reuse;
mod risks;
#[path = "../support/mod.rs"]
mod support;
