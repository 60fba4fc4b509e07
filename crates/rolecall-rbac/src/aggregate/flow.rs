use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::Positions;
use super::components::components;
use super::selection::Selections;
use crate::{PolicyRule, Role};

/// The number of a distinct rule.
type RuleId = u32;

/// The rules that the controller writes into aggregated roles, computed once for each cycle of
/// selections and each distinct list of rules.
pub(super) struct Flow<'a> {
    roles: &'a [Role],
    selections: &'a Selections,
    /// The aggregated roles whose rules the controller replaces.
    fresh: &'a Positions,
    rules: Vec<&'a PolicyRule>,
    ids: HashMap<&'a PolicyRule, RuleId, FxBuildHasher>,
    /// The written rules of roles, by position.
    written: HashMap<usize, Rc<[RuleId]>, FxBuildHasher>,
    resolved: HashMap<usize, Rc<[RuleId]>, FxBuildHasher>,
    /// The rules of aggregated roles that do not select themselves, by their selectors.
    by_selectors: HashMap<&'a [usize], Rc<[RuleId]>, FxBuildHasher>,
    lists: HashMap<Rc<[RuleId]>, Arc<[PolicyRule]>, FxBuildHasher>,
    /// The number of joined lists.
    joins: u32,
    /// The last join that had each rule.
    last_join: Vec<u32>,
}

/// The difference between the written rules of a role and those that the controller writes.
pub(super) struct Change {
    pub(super) added: Arc<[PolicyRule]>,
    pub(super) overwritten: Vec<PolicyRule>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(roles: &'a [Role], selections: &'a Selections, fresh: &'a Positions) -> Self {
        Self {
            roles,
            selections,
            fresh,
            rules: Vec::new(),
            ids: HashMap::default(),
            written: HashMap::default(),
            resolved: HashMap::default(),
            by_selectors: HashMap::default(),
            lists: HashMap::default(),
            joins: 0,
            last_join: Vec::new(),
        }
    }

    /// Computes the rules of all aggregated roles.
    pub(super) fn resolve(&mut self) {
        for component in self.components() {
            match &*component {
                [role] => self.resolve_alone(*role),
                cycle => self.resolve_cycle(cycle),
            }
        }
        // No role receives these.
        for role in self.selections.roles().filter(|role| !self.fresh.contains(role)) {
            self.resolve_alone(role);
        }
    }

    /// Returns the rules that the controller writes into a role.
    pub(super) fn rules(&mut self, role: usize) -> Arc<[PolicyRule]> {
        let ids = self.resolved.get(&role).cloned().unwrap_or_default();
        self.list(&ids)
    }

    /// Compares the rules that the controller writes into a role with the written ones.
    pub(super) fn change(&mut self, role: usize) -> Change {
        let resolved = self.resolved.get(&role).cloned().unwrap_or_default();
        let written = self.written(role);
        if resolved == written {
            return Change { added: Arc::default(), overwritten: Vec::new() };
        }
        let added = without(&resolved, &written);
        let overwritten = without(&written, &resolved);
        let overwritten = overwritten.iter().filter_map(|id| self.rule(*id)).cloned().collect();
        Change { added: self.list(&added), overwritten }
    }

    /// Returns the fresh roles, those in a cycle of selections together and each after the roles
    /// that it selects.
    fn components(&self) -> Vec<Vec<usize>> {
        // Selectors are nodes too: each has its edges once, although many roles can have it.
        let roles = self.roles.len();
        let edges = |node: usize| -> Box<dyn Iterator<Item = usize> + '_> {
            match node.checked_sub(roles) {
                Some(selector) => {
                    let members = self.selections.members(selector).iter();
                    Box::new(members.filter(|member| self.fresh.contains(member)).copied())
                }
                None if self.fresh.contains(&node) => {
                    Box::new(self.selections.selectors(node).iter().map(move |it| it + roles))
                }
                None => Box::new(std::iter::empty()),
            }
        };
        let mut found = components(roles + self.selections.selector_count(), edges);
        for component in &mut found {
            component.retain(|node| self.fresh.contains(node));
            component.sort_unstable();
        }
        found.retain(|component| !component.is_empty());
        found
    }

    /// Computes the rules of a role that does not select itself through others.
    fn resolve_alone(&mut self, role: usize) {
        let selections = self.selections;
        let selectors = selections.selectors(role);
        let selects_itself = selections.selects_itself(role);
        if !selects_itself && let Some(known) = self.by_selectors.get(selectors) {
            self.resolved.insert(role, known.clone());
            return;
        }
        let members = selectors.iter().flat_map(|selector| selections.members(*selector));
        let lists = members.filter(|member| **member != role).map(|it| self.of_member(*it));
        let lists = lists.collect();
        let rules = self.join(lists);
        if !selects_itself {
            self.by_selectors.insert(selectors, rules.clone());
        }
        self.resolved.insert(role, rules);
    }

    /// Computes the rules of roles that select each other: all get the rules of all.
    ///
    /// The controller overwrites their written rules, unless another role copied these before: as
    /// if it updated the roles sorted by name.
    fn resolve_cycle(&mut self, cycle: &[usize]) {
        let mut lists = Vec::new();
        let mut visited = Positions::default();
        let selections = self.selections;
        for role in cycle {
            for selector in selections.selectors(*role) {
                if !visited.insert(*selector) {
                    continue;
                }
                for member in selections.members(*selector) {
                    match cycle.binary_search(member) {
                        Ok(_) if member > role => lists.push(self.written(*member)),
                        Ok(_) => {}
                        Err(_) => lists.push(self.of_member(*member)),
                    }
                }
            }
        }
        let rules = self.join(lists);
        self.resolved.extend(cycle.iter().map(|role| (*role, rules.clone())));
    }

    /// Returns the rules that a selected role passes on.
    fn of_member(&mut self, role: usize) -> Rc<[RuleId]> {
        match self.resolved.get(&role).filter(|_| self.fresh.contains(&role)) {
            Some(resolved) => resolved.clone(),
            None => self.written(role),
        }
    }

    fn written(&mut self, role: usize) -> Rc<[RuleId]> {
        if let Some(known) = self.written.get(&role) {
            return known.clone();
        }
        let rules = self.roles.get(role).map_or(&[][..], |role| &*role.rules);
        let Self { ids, rules: known, .. } = self;
        let ids = rules.iter().map(|rule| {
            *ids.entry(rule).or_insert_with(|| {
                known.push(rule);
                (known.len() - 1) as RuleId
            })
        });
        let written: Rc<[RuleId]> = ids.collect();
        self.written.insert(role, written.clone());
        written
    }

    /// Joins lists without duplicates, in the order of their first appearance.
    fn join(&mut self, lists: Vec<Rc<[RuleId]>>) -> Rc<[RuleId]> {
        self.joins += 1;
        self.last_join.resize(self.rules.len(), 0);
        let mut joined = Vec::new();
        let mut known = HashSet::<*const RuleId, FxBuildHasher>::default();
        let mut lists = lists.into_iter().filter(|list| !list.is_empty());
        let Some(first) = lists.next() else { return Rc::default() };
        for list in std::iter::once(first.clone()).chain(lists) {
            // Many roles can share one list.
            if !known.insert(list.as_ptr()) {
                continue;
            }
            joined.extend(list.iter().copied().filter(|rule| {
                let last = self.last_join.get_mut(*rule as usize);
                last.is_some_and(|last| std::mem::replace(last, self.joins) != self.joins)
            }));
        }
        if *joined == *first { first } else { joined.into() }
    }

    fn rule(&self, id: RuleId) -> Option<&'a PolicyRule> {
        self.rules.get(id as usize).copied()
    }

    /// Returns the rules with the given numbers; equal lists share their memory.
    fn list(&mut self, ids: &Rc<[RuleId]>) -> Arc<[PolicyRule]> {
        if let Some(known) = self.lists.get(ids) {
            return known.clone();
        }
        let rules: Arc<[PolicyRule]> =
            ids.iter().filter_map(|id| self.rule(*id)).cloned().collect();
        self.lists.insert(ids.clone(), rules.clone());
        rules
    }
}

/// Returns the rules that are not among others.
fn without(rules: &Rc<[RuleId]>, others: &[RuleId]) -> Rc<[RuleId]> {
    if others.is_empty() {
        return rules.clone();
    }
    let others: HashSet<RuleId, FxBuildHasher> = others.iter().copied().collect();
    rules.iter().filter(|rule| !others.contains(rule)).copied().collect()
}
