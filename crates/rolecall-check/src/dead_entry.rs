//! Entries of rules that match nothing.

use crate::fate::Dead;
use crate::rule_at::RuleAt;

/// An entry of `resources` that matches nothing.
pub(crate) struct DeadEntry<'a> {
    pub(crate) at: RuleAt<'a>,
    /// Its index among the rule's resources.
    pub(crate) index: usize,
    pub(crate) entry: &'a str,
    pub(crate) why: Dead<'a>,
}

impl DeadEntry<'_> {
    /// Returns whether another entry is in the same rule.
    pub(crate) fn is_beside(&self, other: &Self) -> bool {
        std::ptr::eq(self.at.rule, other.at.rule) && std::ptr::eq(self.at.role, other.at.role)
    }
}
