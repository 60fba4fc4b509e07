//! Reads clusters, manifests and snapshots into one inventory.
#![doc = include_str!("../README.md")]

pub mod cluster;
mod decode;
pub mod facts;
pub mod manifests;
mod object;
mod problem;
pub mod snapshot;

pub use object::add_object;
pub use problem::{Problem, ProblemKind, Severity};
