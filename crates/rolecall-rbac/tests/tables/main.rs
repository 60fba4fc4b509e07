//! Tables that pin both sides of every condition that decides access.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod aggregation;
mod agreement;
mod catalog;
mod covers;
mod gap;
mod identity;
mod inventory;
mod matching;
mod near_miss;
mod review;
mod scope;
mod subresources;
mod unbuilt;
mod verb_alias;
mod words;
