//! The rules, one file each.

mod accounts;
mod broken;
mod dead;
mod denied;
mod hygiene;
mod workloads;

use crate::context::Context;
use crate::{Finding, RuleMeta};

/// A rule and how it is checked.
pub(crate) struct Rule {
    pub(crate) meta: &'static RuleMeta,
    pub(crate) check: fn(&Context<'_>, &mut Vec<Finding>),
}

/// Returns all rules that look at an inventory, in the order of their codes.
pub(crate) fn all() -> impl Iterator<Item = &'static Rule> {
    [broken::RULES, dead::RULES, denied::RULES, hygiene::RULES].into_iter().flatten().copied()
}
