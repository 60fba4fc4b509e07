//! Reads clusters, manifests and snapshots into one inventory.

pub mod facts;
pub mod yaml;
