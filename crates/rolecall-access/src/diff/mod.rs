//! Compares the access of two inventories, rather than their text.
//!
//! ```text
//! [ old Authorizer ] -> access of each subject ->  gained, lost, undecided
//! [ new Authorizer ] -> access of each subject -^    each term with the rules that grant it
//! ```
//!
//! The report for a subject contains the changes from its own bindings. Access that one of its
//! implied groups had before or has now is omitted: either nothing changes for the subject, or the
//! group's report has it. So the reports together are exact and do not repeat each other:
//!
//! - a request that a subject gains or loses is in its own report or in the report of one of its
//!   groups;
//! - nothing is reported as gained or lost that did not change, except that a subject that can now
//!   do everything is reported to gain everything.
//!
//! Impossible requests are omitted ([`Scopes`]): a RoleBinding does not grant access to Nodes.
//!
//! Only names count: creating or deleting a ServiceAccount does not change its access.

mod change;
mod hidden;
mod risk;
mod shared;

use std::collections::{BTreeMap, BTreeSet};

use change::explain;
pub use change::grants;
pub use change::{Change, Difference};
pub use hidden::hidden;
use rayon::prelude::*;
use risk::Indexes;
pub use risk::{GainedRisk, gained_risks};
use rolecall_rbac::{Authorizer, BoundRole, Inventory, Text};
use shared::SharedExtents;

use crate::algebra::{AccessSet, Held, ReadableTerm, RuleLists, Scopes};
use crate::holder::Holder;
use crate::pool::Pool;
use crate::risk::Engine;

/// The change in the access of one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderDiff<'a> {
    /// The subject.
    pub holder: Holder,
    /// The access that it has now and did not have before.
    pub gained: Difference<'a>,
    /// The access that it had before and does not have now.
    pub lost: Difference<'a>,
    /// The access that it has now and might have had before, depending on unread input.
    pub perhaps_gained: Difference<'a>,
    /// The access that it had before and might still have, depending on unread input.
    pub perhaps_lost: Difference<'a>,
}

/// Compares the access of every subject in a binding of either side; sorted, without unchanged
/// subjects.
pub fn diff<'a>(
    old: &'a Authorizer,
    new: &'a Authorizer,
    scopes: &'a Scopes,
) -> Vec<HolderDiff<'a>> {
    let holders = all_holders(old, new);
    let comparisons = Pool::new();
    let diffs = holders.par_chunks(HOLDERS_PER_TASK).map(|holders| {
        comparisons.with(
            || Comparison::new(old, new, scopes),
            |comparison| holders.iter().filter_map(|it| comparison.of(it)).collect::<Vec<_>>(),
        )
    });
    diffs.flatten_iter().collect()
}

/// Compares access like [`diff`], and finds the risks that subjects gain like [`gained_risks`],
/// without keeping the sets of each subject: in large clusters, they take as much memory as all
/// changes.
pub fn diff_with_risks<'a>(
    old: &Engine<'a>,
    new: &Engine<'a>,
    scopes: &'a Scopes,
) -> (Vec<HolderDiff<'a>>, Vec<GainedRisk<'a>>) {
    let holders = all_holders(old.authorizer(), new.authorizer());
    let comparisons = Pool::new();
    let create = || {
        let comparison = Comparison::new(old.authorizer(), new.authorizer(), scopes);
        (comparison, Indexes::new(old, new))
    };
    let found = holders.par_chunks(HOLDERS_PER_TASK).map(|holders| {
        comparisons.with(create, |(comparison, indexes)| {
            let (mut diffs, mut risks) = (Vec::new(), Vec::new());
            for holder in holders {
                let Some(mut diff) = comparison.of(holder) else { continue };
                risks.extend(indexes.gained(&diff));
                diff.release();
                diffs.push(diff);
            }
            (diffs, risks)
        })
    });
    let found: Vec<_> = found.collect();
    let (mut diffs, mut risks) = (Vec::new(), Vec::new());
    for (of_chunk, gained) in found {
        diffs.extend(of_chunk);
        risks.extend(gained);
    }
    (diffs, risks)
}

impl HolderDiff<'_> {
    /// Drops the sets, which are only necessary to find risks.
    fn release(&mut self) {
        let Self { gained, lost, perhaps_gained, perhaps_lost, .. } = self;
        for difference in [gained, lost, perhaps_gained, perhaps_lost] {
            difference.access = None;
        }
    }
}

fn all_holders(old: &Authorizer, new: &Authorizer) -> Vec<Holder> {
    let mut all = holders(old.inventory());
    all.extend(holders(new.inventory()));
    all.into_iter().collect()
}

/// The number of subjects that a thread compares in a row, so that it can use results again.
const HOLDERS_PER_TASK: usize = 32;

fn holders(inventory: &Inventory) -> BTreeSet<Holder> {
    let bindings = inventory.bindings().iter();
    let subjects = bindings
        .flat_map(|binding| binding.subjects.iter().map(|subject| (subject, &binding.metadata)));
    subjects.filter_map(|(subject, binding)| Holder::of_subject(subject, binding)).collect()
}

struct Comparison<'a> {
    old: &'a Authorizer,
    new: &'a Authorizer,
    scopes: &'a Scopes,
    lists: RuleLists<'a>,
    /// The extents of the terms of changes.
    shared: SharedExtents,
    /// The access that groups had before or have now.
    of_groups: BTreeMap<Text, AccessSet>,
}

impl<'a> Comparison<'a> {
    fn new(old: &'a Authorizer, new: &'a Authorizer, scopes: &'a Scopes) -> Self {
        Self {
            old,
            new,
            scopes,
            lists: RuleLists::default(),
            shared: SharedExtents::default(),
            of_groups: BTreeMap::new(),
        }
    }

    fn of(&mut self, holder: &Holder) -> Option<HolderDiff<'a>> {
        if holder.is_privileged() {
            return None;
        }
        let (old_bound, new_bound) = (holder.bindings(self.old), holder.bindings(self.new));
        let (old_held, new_held) = (self.held(&old_bound), self.held(&new_bound));
        if old_held == new_held {
            return None;
        }
        let mut gained = self.lists.difference(&new_held, &old_held);
        let mut lost = self.lists.difference(&old_held, &new_held);
        for group in holder.implied_groups() {
            if gained.is_empty() && lost.is_empty() {
                return None;
            }
            let of_group = self.of_group(group);
            gained = gained.difference(&of_group);
            lost = lost.difference(&of_group);
        }
        (gained, lost) = (self.scopes.possible(&gained), self.scopes.possible(&lost));
        if gained.is_empty() && lost.is_empty() {
            return None;
        }
        let identity = holder.identity();
        let (hidden_before, hidden_now) =
            (hidden(self.old, &identity), hidden(self.new, &identity));
        let gained_for_sure = gained.difference(&hidden_before);
        let is_everything = !gained_for_sure.is_empty()
            && self.lists.can_be_everything(&new_held)
            && self.scopes.is_everything(&self.lists.access(&new_held));
        let (perhaps_gained, perhaps_lost) =
            (gained.intersection(&hidden_before), lost.intersection(&hidden_now));
        let gained_terms = match is_everything {
            // A subject that can now do everything gains everything, even if it had parts of it
            // before.
            true => vec![ReadableTerm::everything(&gained_for_sure)],
            false => self.scopes.readable(&gained_for_sure),
        };
        let Self { scopes, shared, .. } = self;
        let gained = explain(&new_bound, gained_for_sure, gained_terms, shared);
        let mut by = |bound, access: AccessSet| {
            let terms = scopes.readable(&access);
            explain(bound, access, terms, shared)
        };
        Some(HolderDiff {
            gained,
            lost: by(&old_bound, lost.difference(&hidden_now)),
            perhaps_gained: by(&new_bound, perhaps_gained),
            perhaps_lost: by(&old_bound, perhaps_lost),
            holder: holder.clone(),
        })
    }

    /// Returns the access that a group had before or has now through bindings that name it.
    fn of_group(&mut self, name: Text) -> AccessSet {
        if let Some(known) = self.of_groups.get(&name) {
            return known.clone();
        }
        let group = Holder::Group(name.clone());
        let sides = [group.bindings(self.old), group.bindings(self.new)].map(|bound| {
            let held = self.held(&bound);
            self.lists.access(&held)
        });
        let [old, new] = sides;
        let either = old.union(&new);
        self.of_groups.insert(name, either.clone());
        either
    }

    fn held(&mut self, bound: &[BoundRole<'a>]) -> Held {
        let bound = bound.iter().filter_map(|bound| Some((bound.binding, bound.role.ok()?)));
        self.lists.held(bound)
    }
}
