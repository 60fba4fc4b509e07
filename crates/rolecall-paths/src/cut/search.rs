//! The choice of grants: a greedy hitting set of the paths, without superfluous ones.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Grant, Identity, Origin, Request, Verdict};
use rustc_hash::{FxHashMap, FxHashSet};

use super::greedy::{self, Chosen, Kept, SeenPath, SeenPaths};
use super::{KeptRight, NoCut, Unit};
use crate::choke::GrantKey;
use crate::explain::explain;
use crate::finder::PathFinder;
use crate::groups::StartGroup;
use crate::node::NodeId;
use crate::path::{Evidence, Step};
use crate::raw_step::{RawStep, StepKey};
use crate::trial::Change;
use crate::world::{Cut, World};
use crate::{Start, Subject};

/// The units that a step depends on.
struct SeenStep {
    units: BTreeSet<Unit>,
    /// Whether it depends only on these units.
    is_whole: bool,
}

/// The steps of the paths that were found.
#[derive(Default)]
struct SeenSteps(FxHashMap<StepKey, (RawStep, SeenStep)>);

impl SeenSteps {
    fn get(&self, step: &RawStep) -> Option<&SeenStep> {
        self.0.get(&step.key()).map(|(_, seen)| seen)
    }

    fn insert(&mut self, step: RawStep, seen: SeenStep) {
        self.0.insert(step.key(), (step, seen));
    }

    /// Forgets the steps that depend on some units.
    fn forget(&mut self, units: &[Unit]) {
        let units: BTreeSet<&Unit> = units.iter().collect();
        self.0.retain(|_, (_, seen)| !seen.units.iter().any(|unit| units.contains(unit)));
    }
}

impl<'a> PathFinder<'a> {
    /// Chooses grants until no path is left, then leaves out the superfluous ones.
    pub(super) fn search_cut(
        &mut self,
        starts: &[Start],
        kept: &[KeptRight],
    ) -> Result<Chosen, NoCut> {
        let rights = kept.iter().filter_map(|right| self.allowing(right)).collect();
        let mut kept = Kept { rights, chosen: FxHashSet::default() };
        let groups = self.groups_of(starts);
        let mut nodes: Vec<NodeId> = groups.iter().map(|group| group.node).collect();
        nodes.sort_unstable();
        let mut chosen = Chosen::default();
        let mut seen = SeenPaths::default();
        let mut steps = SeenSteps::default();
        self.search(&nodes);
        let mut open = nodes.clone();
        loop {
            // A start from which no path is left stays so.
            open.retain(|node| self.graph.distance(*node).is_some_and(|steps| steps > 0));
            let round = self.round(&groups, &mut steps, &mut chosen.requests);
            if round.is_empty() {
                break;
            }
            let before = chosen.units.len();
            let is_preferred = |unit: &Unit| self.is_own(unit, &groups);
            if let Some(blocked) = greedy::choose(&round, is_preferred, &mut kept, &mut chosen) {
                let subject = groups.get(blocked).map(|group| group.subject.clone());
                return subject.map_or(Ok(chosen), |subject| Err(NoCut::Kept(subject)));
            }
            seen.extend(round);
            let new = chosen.units.get(before..).unwrap_or_default();
            let cut: Vec<GrantKey> = new.iter().flat_map(|unit| unit.keys.clone()).collect();
            steps.forget(new);
            self.change(Change { cut: &cut, restored: &[] });
            self.search_again(&open);
        }
        self.leave_out(&nodes, &mut chosen, seen);
        Ok(chosen)
    }

    /// Returns whether a unit is a grant to the only start. Its own grants come first, because those of the
    /// identities that it gains cause their own paths.
    fn is_own(&self, unit: &Unit, groups: &[StartGroup]) -> bool {
        let [only] = groups else { return false };
        let world = &self.graph.world;
        let binding = world.inventory().bindings().get(unit.binding as usize);
        let granted = binding.and_then(|binding| {
            Identity::of_subject(binding.subjects.get(unit.subject)?, &binding.metadata)
        });
        granted.is_some_and(|granted| Subject::of(&granted) == only.subject)
    }

    /// Returns the paths of starts from which the sink is still reached.
    fn round(
        &mut self,
        groups: &[StartGroup],
        known: &mut SeenSteps,
        requests: &mut BTreeMap<(u32, usize), BTreeSet<Request>>,
    ) -> Vec<SeenPath> {
        let mut round = Vec::new();
        for (start, group) in groups.iter().enumerate() {
            if self.graph.distance(group.node).is_none_or(|steps| steps == 0) {
                continue;
            }
            let raw = self.traces.trace(&mut self.graph, group.node);
            let (mut units, mut is_whole) = (BTreeSet::new(), true);
            for step in &raw {
                let is_shared = self.graph.nodes.identity(step.actor()).is_some();
                if let Some(seen) = known.get(step).filter(|_| is_shared) {
                    units.extend(seen.units.iter().cloned());
                    is_whole &= seen.is_whole;
                    continue;
                }
                let explained = explain(&mut self.graph, group.node, &[step.gained], step);
                let seen = self.units_on(&explained, requests);
                units.extend(seen.units.iter().cloned());
                is_whole &= seen.is_whole;
                if is_shared {
                    known.insert(step.clone(), seen);
                }
            }
            round.push(SeenPath { start, weight: group.weight, units, is_whole });
        }
        round
    }

    /// Leaves out grants without which the others still stop all paths.
    fn leave_out(&mut self, nodes: &[NodeId], chosen: &mut Chosen, mut seen: SeenPaths) {
        let open: Vec<NodeId> =
            nodes.iter().copied().filter(|node| !self.graph.holds(*node)).collect();
        seen.choose(&chosen.units);
        let mut left: Vec<Unit> = chosen.units.iter().rev().cloned().collect();
        loop {
            left.retain(|unit| !seen.needs(unit));
            // Grants that are superfluous together are so one after another.
            let is_superfluous = |finder: &mut Self, count: usize| {
                let units = left.get(..count).unwrap_or_default();
                finder.are_superfluous(&open, units)
            };
            let (mut known, mut failed) = (0, left.len() + 1);
            let mut count = left.len();
            while failed - known > 1 {
                match is_superfluous(self, count) {
                    true => known = count,
                    false => failed = count,
                }
                count = known + (failed - known) / 2;
            }
            let superfluous: Vec<Unit> = left.drain(..known).collect();
            superfluous.iter().for_each(|unit| seen.leave_out(unit));
            chosen.units.retain(|unit| !superfluous.contains(unit));
            let restored: Vec<GrantKey> =
                superfluous.iter().flat_map(|unit| unit.keys.clone()).collect();
            self.change(Change { cut: &[], restored: &restored });
            if left.is_empty() {
                return;
            }
            // The next one is necessary.
            left.remove(0);
        }
    }

    /// Returns whether no start reaches the sink if some chosen units are not removed.
    fn are_superfluous(&mut self, starts: &[NodeId], units: &[Unit]) -> bool {
        let restored: Vec<GrantKey> = units.iter().flat_map(|unit| unit.keys.clone()).collect();
        self.trial(Change { cut: &[], restored: &restored }, |finder| {
            let is_open =
                |finder: &Self| starts.iter().any(|node| finder.graph.distance(*node).is_some());
            if is_open(finder) {
                return false;
            }
            finder.test(starts);
            !is_open(finder)
        })
    }

    /// Returns the units of a step that can be removed, and records their requests.
    fn units_on(
        &self,
        step: &Step<'a>,
        requests: &mut BTreeMap<(u32, usize), BTreeSet<Request>>,
    ) -> SeenStep {
        let mut seen = SeenStep { units: BTreeSet::new(), is_whole: true };
        for made in &step.requests {
            let grant = match &made.by {
                Evidence::Grant(grant) => grant,
                Evidence::Covered(_) => {
                    seen.is_whole = false;
                    continue;
                }
                Evidence::Privileged | Evidence::Step(_) => continue,
            };
            let Some(key) = self.graph.key(grant) else { continue };
            let world = &self.graph.world;
            if let Some(role) = world.role_position(grant.role) {
                let rule = (role, grant.rule_index);
                requests.entry(rule).or_default().insert(made.request.clone());
            }
            seen.units.extend(unit(world, key));
        }
        seen
    }

    /// Returns the grants that allow a right; `None` if nothing can take it away.
    fn allowing(&self, right: &KeptRight) -> Option<BTreeSet<GrantKey>> {
        if right.identity.is_privileged() {
            return None;
        }
        let authorizer = self.graph.world.authorizer;
        let decision = authorizer.authorize_as_written(&right.identity, &right.request);
        let Verdict::Allowed { by } = decision.verdict else { return None };
        let mut keys = BTreeSet::new();
        for grant in by {
            if let Grant::Rule(grant) = grant {
                keys.extend(self.graph.key(&grant));
            }
        }
        Some(keys)
    }
}

/// Returns the unit of a grant; `None` for built-in bindings, which servers restore.
fn unit(world: &World<'_>, key: GrantKey) -> Option<Unit> {
    let binding = world.inventory().bindings().get(key.binding as usize)?;
    let label = binding.metadata.label("kubernetes.io/bootstrapping");
    if binding.metadata.origin == Origin::Default || label.is_some() {
        return None;
    }
    let role = world.role_of(key.binding)?;
    let written = world.role(role)?;
    if can_change(world, role) {
        let (binding, subject) = (key.binding, key.cut.subject);
        return Some(Unit { binding, subject, rule: Some(key.cut.rule), keys: vec![key] });
    }
    let of = |rule| GrantKey { cut: Cut { rule, ..key.cut }, ..key };
    Some(Unit {
        binding: key.binding,
        subject: key.cut.subject,
        rule: None,
        keys: (0..written.rules.len()).map(of).collect(),
    })
}

/// Returns whether the rules of a role are written where it is.
pub(super) fn can_change(world: &World<'_>, role: u32) -> bool {
    let Some(role) = world.role(role) else { return false };
    let label = role.metadata.label("kubernetes.io/bootstrapping");
    role.aggregation.is_none() && role.metadata.origin != Origin::Default && label.is_none()
}
