//! Assesses roles.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;
use rolecall_rbac::{PolicyRule, Role};
use rustc_hash::FxBuildHasher;

use super::engine::Engine;
use super::hit::{Allowed, Hit};
use super::profile::{Profile, Profiles, address};

impl<'a> Engine<'a> {
    /// Assesses roles on all cores, for commands that need each of them. Others are assessed when their
    /// subjects are.
    pub fn assess(&self, roles: &[&'a Role]) {
        self.profiles.get_or_init(|| Assessor::each(self, roles));
    }

    /// Returns the risks of a rule of an assessed role, without those that a broader one implies.
    pub fn hits_of(&self, role: &Role, rule_index: usize) -> Option<&[Hit]> {
        let profile = self.profiles.get()?.get(&address(role))?;
        profile.by_rule.get(rule_index).map(|hits| &**hits)
    }
}

/// The addresses of the lists of a rule, which equal rules share.
type Lists = [usize; 5];

/// The risks of a rule, and how it meets the needs of combined risks.
type Assessed = (Arc<[Hit]>, Vec<Allowed>);

/// Assesses roles, and each distinct rule once, because many roles have the same rules.
#[derive(Debug)]
pub(super) struct Assessor<'e, 'a> {
    engine: &'e Engine<'a>,
    rules: HashMap<Lists, Assessed, FxBuildHasher>,
}

/// The number of roles that a thread assesses in a row, so that it can use results again.
const ROLES_PER_TASK: usize = 512;

impl<'e, 'a> Assessor<'e, 'a> {
    pub(super) fn new(engine: &'e Engine<'a>) -> Self {
        Self { engine, rules: HashMap::default() }
    }

    fn each(engine: &'e Engine<'a>, roles: &[&'a Role]) -> Profiles {
        let chunks = roles.par_chunks(ROLES_PER_TASK);
        let profiles = chunks.map_init(
            || Self::new(engine),
            |assessor, roles| {
                let profile = |&role| (address(role), assessor.profile(role));
                roles.iter().map(profile).collect::<Vec<_>>()
            },
        );
        profiles.flatten_iter().collect()
    }

    pub(super) fn profile(&mut self, role: &'a Role) -> Profile {
        let Self { engine, rules } = self;
        let mut profile = Profile::default();
        let mut by_rule = Vec::with_capacity(role.rules.len());
        for rule in &*role.rules {
            let (hits, needs) = rules
                .entry(lists(rule))
                .or_insert_with(|| (engine.hits(rule).into(), engine.needs_met(rule)));
            for hit in hits.iter() {
                match profile.hits.get_mut(&hit.risk.code) {
                    Some(known) => known.join(hit),
                    None => drop(profile.hits.insert(hit.risk.code, hit.clone())),
                }
            }
            profile.needs.resize(needs.len(), Allowed::default());
            profile.needs.iter_mut().zip(needs).for_each(|(need, met)| need.join(*met));
            by_rule.push(hits.clone());
        }
        let hits = profile.hits.values();
        let parts = hits.flat_map(|hit| std::iter::once(hit).chain(&hit.implied));
        profile.codes = parts.map(|part| (part.risk.code, part.allowed)).collect();
        profile.by_rule = by_rule.into();
        profile
    }
}

fn lists(rule: &PolicyRule) -> Lists {
    let PolicyRule { verbs, api_groups, resources, resource_names, non_resource_urls } = rule;
    [verbs, api_groups, resources, resource_names, non_resource_urls]
        .map(|list| list.as_ptr().addr())
}
