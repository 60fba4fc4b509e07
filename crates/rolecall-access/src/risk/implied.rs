//! Risks that broader risks imply.

use std::collections::BTreeSet;

use super::catalogue::find;
use crate::RuleCode;

/// Returns the codes that broader ones among them imply.
pub(super) fn implied_by_broader(codes: &BTreeSet<RuleCode>) -> BTreeSet<RuleCode> {
    let is_broadest = |code: &&RuleCode| find(**code).is_some_and(|risk| risk.implies_all);
    if let Some(broadest) = codes.iter().find(is_broadest) {
        return codes.iter().filter(|code| *code != broadest).copied().collect();
    }
    let is_implied = |code: &&RuleCode| {
        find(**code).is_some_and(|risk| {
            risk.implied_by.iter().any(|broader| codes.contains(&RuleCode(*broader)))
        })
    };
    codes.iter().filter(is_implied).copied().collect()
}
