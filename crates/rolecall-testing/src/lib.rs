//! Clusters, recorded answers and fixtures for the tests of all crates.
//!
//! Only tests and internal tools depend on this crate, which is not published.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

pub mod api;
pub mod cases;
pub mod cluster;
pub mod golden;
pub mod random;
pub mod rows;
pub mod workloads;
