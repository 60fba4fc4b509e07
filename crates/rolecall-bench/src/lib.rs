//! Generated clusters, manifests, reviews and logs, and benchmarks of the crates on them.

pub mod generate;
