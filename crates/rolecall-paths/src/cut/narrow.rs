//! The part of a rule to remove, so that the rest can stay.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{PolicyRule, Request, Role, break_down, compact, rule_allows};

use super::greedy::Chosen;
use crate::need::{Mode, NeedIndex};

/// How much of a rule to remove.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extent {
    /// The requests of the paths that were found.
    Used,
    /// Everything that steps depend on.
    Needs,
    /// The whole rule.
    All,
}

/// The parts of the rules to remove, by role and rule.
#[derive(Debug)]
pub(crate) struct Narrowing {
    rules: BTreeMap<(u32, usize), (Extent, Vec<Request>)>,
    index: NeedIndex,
}

impl Narrowing {
    /// Starts with as little as possible.
    pub(crate) fn new(chosen: &Chosen, index: &NeedIndex) -> Self {
        let rules = chosen
            .requests
            .iter()
            .map(|(rule, requests)| (*rule, (Extent::Used, requests.iter().cloned().collect())));
        Self { rules: rules.collect(), index: index.clone() }
    }

    /// Removes more of some rules, or of all if none of these can shrink. Returns whether anything
    /// changes.
    pub(crate) fn widen(&mut self, rules: &[(u32, usize)]) -> bool {
        let wanted: BTreeSet<(u32, usize)> = rules.iter().copied().collect();
        let can_shrink =
            |extent: Extent, rule: &(u32, usize)| extent < Extent::All && wanted.contains(rule);
        let any = self.rules.iter().any(|(rule, (extent, _))| can_shrink(*extent, rule));
        let mut changed = false;
        for (rule, (extent, _)) in &mut self.rules {
            if any && !can_shrink(*extent, rule) {
                continue;
            }
            let next = match *extent {
                Extent::Used => Extent::Needs,
                Extent::Needs | Extent::All => Extent::All,
            };
            changed |= next != *extent;
            *extent = next;
        }
        changed
    }

    /// Returns what remains of a rule.
    pub(crate) fn rest(&self, role: u32, position: usize, rule: &PolicyRule) -> Vec<PolicyRule> {
        let (rest, _) = self.split(role, position, rule);
        merge(compact(rest))
    }

    /// Returns the part that is removed from a rule.
    pub(crate) fn lost(&self, position: u32, rule: usize, role: &Role) -> Vec<PolicyRule> {
        let Some(written) = role.rules.get(rule) else { return Vec::new() };
        let (_, lost) = self.split(position, rule, written);
        merge(compact(lost))
    }

    fn split(
        &self,
        role: u32,
        position: usize,
        rule: &PolicyRule,
    ) -> (Vec<PolicyRule>, Vec<PolicyRule>) {
        const MODES: [Mode; 4] = [Mode::Direct, Mode::Account, Mode::User, Mode::Node];
        let atoms = break_down(rule);
        let Some((extent, used)) = self.rules.get(&(role, position)) else {
            return (Vec::new(), atoms);
        };
        let stays = |atom: &PolicyRule| match extent {
            Extent::Used => !used.iter().any(|request| allows(atom, request)),
            Extent::Needs => self.index.of(atom, 0, &MODES).is_none(),
            Extent::All => false,
        };
        atoms.into_iter().partition(stays)
    }
}

/// Returns whether an atom allows a request, for this object or another one.
fn allows(atom: &PolicyRule, request: &Request) -> bool {
    let any_name = PolicyRule { resource_names: [].into(), ..atom.clone() };
    rule_allows(&any_name, request)
}

/// Merges rules that only differ in their names, resources or groups.
pub(crate) fn merge(rules: Vec<PolicyRule>) -> Vec<PolicyRule> {
    let by_names = merge_by(rules, |rule| &mut rule.resource_names);
    let by_resources = merge_by(by_names, |rule| &mut rule.resources);
    merge_by(by_resources, |rule| &mut rule.api_groups)
}

fn merge_by(
    rules: Vec<PolicyRule>,
    field: fn(&mut PolicyRule) -> &mut rolecall_rbac::Texts,
) -> Vec<PolicyRule> {
    let mut merged: Vec<PolicyRule> = Vec::new();
    let mut positions: BTreeMap<(PolicyRule, bool), usize> = BTreeMap::new();
    for mut rule in rules {
        let values = std::mem::take(field(&mut rule));
        // A rule without names is not part of a list of names.
        let key = (rule.clone(), values.is_empty());
        match positions.get(&key).and_then(|at| merged.get_mut(*at)) {
            Some(known) => {
                let known = field(known);
                let new = values.iter().filter(|value| !known.contains(value));
                *known = known.iter().chain(new).cloned().collect();
            }
            None => {
                positions.insert(key, merged.len());
                *field(&mut rule) = values;
                merged.push(rule);
            }
        }
    }
    merged
}
