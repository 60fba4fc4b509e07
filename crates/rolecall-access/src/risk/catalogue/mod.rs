//! The risks that are sets of requests, one table for each domain.

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

/// The tables, in the order in which their risks are looked for.
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

/// Returns the risk of a code.
pub fn find(code: &str) -> Option<&'static Risk> {
    all().find(|risk| risk.code == code)
}

/// The risks with which, held everywhere, the cluster can be taken over.
const TAKEOVERS: [&str; 16] = [
    "RC501", "RC502", "RC503", "RC510", "RC511", "RC514", "RC515", "RC516", "RC518", "RC520",
    "RC525", "RC528", "RC529", "RC532", "RC534", "RC536",
];

/// Returns whether the cluster can be taken over with a risk that is held everywhere.
pub fn takes_over(code: &str) -> bool {
    TAKEOVERS.contains(&code)
}
