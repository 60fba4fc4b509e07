//! The choice of grants: a greedy hitting set of the paths, without superfluous ones.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Grant, Origin, Request, Verdict};

use super::{KeptRight, NoCut, Unit};
use crate::choke::GrantKey;
use crate::finder::PathFinder;
use crate::node::NodeId;
use crate::path::{Evidence, Path};
use crate::world::{Cut, World};
use crate::{Row, Start};

/// The chosen grants.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) units: Vec<Unit>,
    weights: BTreeMap<Unit, usize>,
    /// The requests of paths that each rule allows.
    pub(crate) requests: BTreeMap<(u32, usize), BTreeSet<Request>>,
}

/// A path that was found, by the units on it.
struct Seen {
    units: BTreeSet<Unit>,
    /// Whether it only depends on these units.
    is_whole: bool,
}

impl Chosen {
    /// Returns the number of paths on which a unit was found.
    pub(super) fn weight(&self, unit: &Unit) -> usize {
        self.weights.get(unit).copied().unwrap_or_default()
    }

    fn keys(&self) -> Vec<GrantKey> {
        self.units.iter().flat_map(|unit| unit.keys.iter().copied()).collect()
    }
}

impl<'a> PathFinder<'a> {
    /// Chooses grants until no path is left, then leaves out the superfluous ones.
    pub(super) fn search_cut(
        &mut self,
        starts: &[Start],
        kept: &[KeptRight],
    ) -> Result<Chosen, NoCut> {
        let kept: Vec<BTreeSet<GrantKey>> =
            kept.iter().filter_map(|right| self.allowing(right)).collect();
        let mut chosen = Chosen::default();
        let mut seen: Vec<Seen> = Vec::new();
        loop {
            self.cut(&chosen.keys());
            let found = self.find(starts);
            if found.paths.is_empty() {
                break;
            }
            let mut round: Vec<Seen> = Vec::new();
            for path in &found.paths {
                let new = self.units_on(path, &mut chosen.requests);
                round.push(new);
            }
            let mut open: Vec<usize> = (0..round.len()).collect();
            while let Some(first) = open.first().copied() {
                let mut counts: BTreeMap<&Unit, usize> = BTreeMap::new();
                for unit in open.iter().filter_map(|at| round.get(*at)).flat_map(|it| &it.units) {
                    *counts.entry(unit).or_default() += 1;
                }
                let now = chosen.keys();
                let removable = counts.into_iter().filter(|(unit, _)| stays(&kept, &now, unit));
                // The first of those on the most paths.
                let best = removable.max_by_key(|(unit, count)| (*count, std::cmp::Reverse(*unit)));
                let blocked = round
                    .get(first)
                    .is_none_or(|path| !path.units.iter().any(|unit| stays(&kept, &now, unit)));
                let Some((unit, count)) = best.filter(|_| !blocked) else {
                    return match found.paths.get(first) {
                        Some(path) => Err(NoCut::Kept(path.subject.clone())),
                        None => Ok(chosen),
                    };
                };
                let unit = unit.clone();
                open.retain(|at| round.get(*at).is_some_and(|path| !path.units.contains(&unit)));
                chosen.weights.insert(unit.clone(), count);
                chosen.units.push(unit);
            }
            seen.extend(round);
        }
        self.leave_out(starts, &mut chosen, &seen);
        Ok(chosen)
    }

    /// Leaves out grants without which the others still stop all paths.
    fn leave_out(&mut self, starts: &[Start], chosen: &mut Chosen, seen: &[Seen]) {
        let nodes: BTreeSet<NodeId> =
            starts.iter().map(|start| self.graph.nodes.agent((*start.identity).clone())).collect();
        let admins: BTreeSet<NodeId> =
            nodes.iter().copied().filter(|node| self.graph.holds(*node)).collect();
        let nodes: Vec<NodeId> = nodes.difference(&admins).copied().collect();
        for unit in chosen.units.clone().into_iter().rev() {
            let all: BTreeSet<&Unit> = chosen.units.iter().collect();
            let is_witness = |path: &Seen| {
                path.is_whole
                    && path.units.contains(&unit)
                    && path.units.iter().filter(|other| all.contains(other)).count() == 1
            };
            if seen.iter().any(is_witness) {
                continue;
            }
            let others = chosen.units.iter().filter(|other| **other != unit);
            let others: Vec<GrantKey> = others.flat_map(|it| it.keys.iter().copied()).collect();
            if self.reaching(&nodes, &others).is_empty() {
                chosen.units.retain(|other| *other != unit);
            }
        }
    }

    /// Returns the units on a path that can be removed, and records their requests.
    fn units_on(
        &self,
        path: &Path<'a>,
        requests: &mut BTreeMap<(u32, usize), BTreeSet<Request>>,
    ) -> Seen {
        let mut seen = Seen { units: BTreeSet::new(), is_whole: true };
        for step in &*path.steps {
            seen.is_whole &= !matches!(step.row, Row::X17 | Row::X19);
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

/// Returns whether every right that must stay has a grant left without a unit.
fn stays(kept: &[BTreeSet<GrantKey>], chosen: &[GrantKey], unit: &Unit) -> bool {
    kept.iter().all(|grants| {
        grants.iter().any(|grant| !chosen.contains(grant) && !unit.keys.contains(grant))
    })
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
