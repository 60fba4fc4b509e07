//! Joins the results of an expectation in several worlds: the targets and the plain files.
//!
//! Without `targets`, an expectation applies to all worlds together: required access must exist in one of them,
//! and forbidden access in none. With `targets`, it applies to each of these alone.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_access::Holder;

use super::evaluate::Outcome;
use super::{Expectation, Failure, Spot, Unmet, Word};

/// Returns the failures of each world that remain if all worlds are considered.
pub fn join<'a>(
    expectations: &'a [Expectation],
    worlds: Vec<Outcome<'a>>,
) -> Vec<Vec<Failure<'a>>> {
    let is_about_targets = |index: usize| {
        expectations.get(index).is_some_and(|expectation| !expectation.targets.is_empty())
    };
    let counted = Counted::of(&worlds);
    let remaining = worlds.iter().map(|world| {
        let remains = |(index, failure): &&(usize, Failure<'a>)| {
            is_about_targets(*index) || !counted.is_met_elsewhere(*index, failure)
        };
        world.failures.iter().filter(remains).map(|(_, failure)| failure.clone()).collect()
    });
    remaining.collect()
}

/// A part of an expectation for a subject: the index, the part and the subject.
type Part<'w> = (usize, Spot, Option<&'w Holder>);

/// The numbers of worlds in which expectations apply and fail.
#[derive(Default)]
struct Counted<'w> {
    /// The number of worlds in which an expectation applies to a subject.
    applies: BTreeMap<(usize, &'w Holder), usize>,
    /// The number of worlds in which an expectation has subjects.
    has_subjects: BTreeMap<usize, usize>,
    /// The number of worlds in which a part fails.
    fails: BTreeMap<Part<'w>, usize>,
    /// The parts that are undecided in some world.
    is_open: BTreeSet<Part<'w>>,
}

impl<'w> Counted<'w> {
    fn of(worlds: &'w [Outcome<'_>]) -> Self {
        let mut counted = Self::default();
        for world in worlds {
            for (index, subjects) in world.subjects.iter().filter(|(_, all)| !all.is_empty()) {
                *counted.has_subjects.entry(*index).or_default() += 1;
                for subject in subjects {
                    *counted.applies.entry((*index, subject)).or_default() += 1;
                }
            }
            let parts = world.failures.iter().map(|(index, failure)| part(*index, failure));
            for part in parts.collect::<BTreeSet<_>>() {
                *counted.fails.entry(part).or_default() += 1;
            }
            let open = world.failures.iter().filter(|(_, failure)| failure.is_undecided());
            counted.is_open.extend(open.map(|(index, failure)| part(*index, failure)));
        }
        counted
    }

    /// Returns whether another world has, or might have, the access that is missing in one.
    fn is_met_elsewhere(&self, index: usize, failure: &Failure<'_>) -> bool {
        let part = part(index, failure);
        let failing = self.fails.get(&part).copied().unwrap_or_default();
        let with_subjects = self.has_subjects.get(&index).copied().unwrap_or_default();
        let applying = || {
            let applies = failure.holder.as_ref().and_then(|it| self.applies.get(&(index, it)));
            applies.copied().unwrap_or_default()
        };
        match &failure.unmet {
            Unmet::Allowed { .. }
            | Unmet::Beyond { .. }
            | Unmet::Becomes { .. }
            | Unmet::Undecided { word: Word::Cannot | Word::Only | Word::CannotBecome, .. } => {
                false
            }
            Unmet::Undecided { word: Word::Can, .. } => failing < applying(),
            Unmet::Denied { .. } => failing < applying() || self.is_open.contains(&part),
            Unmet::NoSubject => with_subjects > 0,
            Unmet::Meaningless { .. } => failing < with_subjects,
        }
    }
}

fn part<'f>(index: usize, failure: &'f Failure<'_>) -> Part<'f> {
    (index, failure.spot, failure.holder.as_ref())
}
