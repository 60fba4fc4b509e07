//! The risks that are sets of requests, one table per domain.

mod admission;
mod control;
mod credentials;
mod identities;
mod network;
mod nodes;
mod pods;
mod roles;
mod settings;

use super::Risk;

/// The tables, in evaluation order.
const TABLES: [&[Risk]; 9] = [
    control::RISKS,
    credentials::RISKS,
    pods::RISKS,
    nodes::RISKS,
    roles::RISKS,
    identities::RISKS,
    admission::RISKS,
    network::RISKS,
    settings::RISKS,
];

/// Returns every risk, table by table.
pub fn all() -> impl Iterator<Item = &'static Risk> {
    TABLES.into_iter().flatten()
}

/// Returns the risk with a code.
pub fn find(code: &str) -> Option<&'static Risk> {
    all().find(|risk| risk.code == code)
}

/// The risks that allow their cluster-wide holders to take over the cluster.
const TAKEOVERS: [&str; 16] = [
    "RC501", "RC502", "RC503", "RC510", "RC511", "RC514", "RC515", "RC516", "RC518", "RC520",
    "RC525", "RC528", "RC529", "RC532", "RC534", "RC536",
];

/// Returns whether cluster-wide holders of a risk can take over the cluster.
pub fn takes_over(code: &str) -> bool {
    TAKEOVERS.contains(&code)
}
