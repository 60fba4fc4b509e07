//! The CI gate: findings, expectations and the semantic diff.

pub mod access;
pub mod diff;
pub mod expectation;
