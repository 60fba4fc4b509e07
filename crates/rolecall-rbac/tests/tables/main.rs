//! Tables that pin both sides of every condition that decides access.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod aggregation;
mod covers;
mod identity;
mod matching;
mod near_miss;
mod scope;
mod subresources;
mod verb_alias;
