//! Rules with their roles.

use rolecall_rbac::{PolicyRule, Role};

/// One rule of a checked role.
#[derive(Clone, Copy)]
pub(crate) struct RuleAt<'a> {
    pub(crate) role: &'a Role,
    pub(crate) index: usize,
    pub(crate) rule: &'a PolicyRule,
}
