//! The risks of roles, before they are bound.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rolecall_rbac::Role;
use rustc_hash::FxBuildHasher;

use super::hit::{Allowed, Hit};
use crate::RuleCode;

/// The risks of a role's rules.
#[derive(Debug, Default)]
pub(super) struct Profile {
    /// The risks of single rules, by code.
    pub(super) hits: BTreeMap<RuleCode, Hit>,
    /// The scopes in which the rules meet each need of the other risks, in the engine's order.
    pub(super) needs: Vec<Allowed>,
    /// The codes of all risks, including implied ones, with their scopes.
    pub(super) codes: Vec<(RuleCode, Allowed)>,
    /// The risks of each rule; equal rules mostly share them.
    pub(super) by_rule: Box<[Arc<[Hit]>]>,
}

/// Profiles of roles, by address.
pub(super) type Profiles = HashMap<usize, Profile, FxBuildHasher>;

/// Returns the key of a role.
pub(super) fn address(role: &Role) -> usize {
    std::ptr::from_ref(role).addr()
}
