//! A greedy hitting set of paths, and the members of it that the paths seen so far need.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Request;
use rustc_hash::FxHashSet;

use super::Unit;
use crate::choke::GrantKey;

/// The chosen grants.
#[derive(Debug, Default)]
pub(crate) struct Chosen {
    pub(crate) units: Vec<Unit>,
    weights: BTreeMap<Unit, usize>,
    /// The requests of paths that each rule allows.
    pub(crate) requests: BTreeMap<(u32, usize), BTreeSet<Request>>,
}

impl Chosen {
    /// Returns the number of paths on which a unit was found.
    pub(super) fn weight(&self, unit: &Unit) -> usize {
        self.weights.get(unit).copied().unwrap_or_default()
    }

    /// Adds a unit that was found on a number of paths.
    pub(super) fn add(&mut self, unit: Unit, paths: usize) {
        self.weights.insert(unit.clone(), paths);
        self.units.push(unit);
    }
}

/// A path that was found.
#[derive(Debug)]
pub(super) struct SeenPath {
    /// The position of its start.
    pub(super) start: usize,
    /// The number of starts with it.
    pub(super) weight: usize,
    /// The units on it.
    pub(super) units: BTreeSet<Unit>,
    /// Whether it depends only on these units.
    pub(super) is_whole: bool,
}

/// The rights that must stay, each as the grants that allow it.
pub(super) struct Kept {
    pub(super) rights: Vec<BTreeSet<GrantKey>>,
    pub(super) chosen: FxHashSet<GrantKey>,
}

impl Kept {
    /// Returns whether every right has a grant left without a unit.
    fn stay_without(&self, unit: &Unit) -> bool {
        let is_left = |grant: &GrantKey| !self.chosen.contains(grant) && !unit.keys.contains(grant);
        self.rights.iter().all(|grants| grants.iter().any(is_left))
    }
}

/// Chooses units until one is on each path: the first of those on the most open paths, again and
/// again, and of these a preferred one. Returns the start of a path whose units must all stay, if there is one.
pub(super) fn choose(
    paths: &[SeenPath],
    is_preferred: impl Fn(&Unit) -> bool,
    kept: &mut Kept,
    chosen: &mut Chosen,
) -> Option<usize> {
    let mut paths_of: BTreeMap<&Unit, (usize, Vec<usize>)> = BTreeMap::new();
    for (position, path) in paths.iter().enumerate() {
        for unit in &path.units {
            let (count, positions) = paths_of.entry(unit).or_default();
            *count += path.weight;
            positions.push(position);
        }
    }
    let rank = |count: usize, unit| (count, is_preferred(unit), Reverse(unit));
    let mut best: BTreeSet<(usize, bool, Reverse<&Unit>)> =
        paths_of.iter().map(|(unit, (count, _))| rank(*count, *unit)).collect();
    let mut is_open = vec![true; paths.len()];
    for (position, path) in paths.iter().enumerate() {
        while is_open.get(position).copied().unwrap_or_default() {
            if !path.units.iter().any(|unit| kept.stay_without(unit)) {
                return Some(path.start);
            }
            let Some((count, _, Reverse(unit))) = best.pop_last() else { return Some(path.start) };
            // A right that must stay now must stay later.
            if !kept.stay_without(unit) {
                continue;
            }
            kept.chosen.extend(unit.keys.iter().copied());
            chosen.add(unit.clone(), count);
            let hit = paths_of.remove(unit).map(|(_, positions)| positions).unwrap_or_default();
            for position in hit {
                let (Some(is_open), Some(path)) = (is_open.get_mut(position), paths.get(position))
                else {
                    continue;
                };
                if !std::mem::take(is_open) {
                    continue;
                }
                for other in &path.units {
                    if let Some((count, _)) = paths_of.get_mut(other) {
                        let was_candidate = best.remove(&rank(*count, other));
                        *count -= path.weight;
                        if was_candidate && *count > 0 {
                            best.insert(rank(*count, other));
                        }
                    }
                }
            }
        }
    }
    None
}

/// The paths that were found, and how many of the chosen units are on each.
#[derive(Debug, Default)]
pub(super) struct SeenPaths {
    paths: Vec<SeenPath>,
    paths_of: BTreeMap<Unit, Vec<usize>>,
    chosen_on: Vec<usize>,
}

impl SeenPaths {
    /// Adds paths.
    pub(super) fn extend(&mut self, paths: impl IntoIterator<Item = SeenPath>) {
        self.paths.extend(paths);
    }

    /// Counts the chosen units on each path.
    pub(super) fn choose(&mut self, units: &[Unit]) {
        let chosen: BTreeSet<&Unit> = units.iter().collect();
        self.chosen_on = vec![0; self.paths.len()];
        for (position, path) in self.paths.iter().enumerate() {
            for unit in path.units.iter().filter(|unit| chosen.contains(unit)) {
                self.paths_of.entry(unit.clone()).or_default().push(position);
                if let Some(count) = self.chosen_on.get_mut(position) {
                    *count += 1;
                }
            }
        }
    }

    /// Returns whether some path would be open without a chosen unit.
    pub(super) fn needs(&self, unit: &Unit) -> bool {
        let paths = self.paths_of.get(unit).into_iter().flatten();
        paths.into_iter().any(|position| {
            self.chosen_on.get(*position) == Some(&1)
                && self.paths.get(*position).is_some_and(|path| path.is_whole)
        })
    }

    /// Counts without a unit.
    pub(super) fn leave_out(&mut self, unit: &Unit) {
        for position in self.paths_of.remove(unit).unwrap_or_default() {
            if let Some(count) = self.chosen_on.get_mut(position) {
                *count -= 1;
            }
        }
    }
}
