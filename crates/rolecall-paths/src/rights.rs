use rolecall_rbac::Role;

use crate::need::{Mode, NeedIndex, is_everything};

/// Recognizes the roles on which paths can depend, much faster than a search for paths.
#[derive(Debug)]
pub struct EscalationRights(NeedIndex);

impl EscalationRights {
    /// Indexes the rights that rows need.
    pub fn index() -> Self {
        Self(NeedIndex::new(|it| !it.is_outside()))
    }

    /// Returns the position of the first rule of a role that some row needs.
    pub fn find_in(&self, role: &Role) -> Option<usize> {
        let is_needed = |(position, rule): (usize, &rolecall_rbac::PolicyRule)| {
            is_everything(rule) || self.0.of(rule, position, &[Mode::Direct]).is_some()
        };
        role.rules.iter().enumerate().position(is_needed)
    }
}
