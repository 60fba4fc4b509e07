//! Generated clusters, manifests, reviews and logs, and benchmarks of the crates and the commands
//! on them.

pub mod commands;
pub mod generate;
