//! What changes between two inventories, as access rather than as text.
//!
//! ```text
//! [ old Authorizer ] -> access of each subject ->  gained, lost, undecided
//! [ new Authorizer ] -> access of each subject -^    each term with the rules that grant it
//! ```
//!
//! Reported for a subject is what its own bindings change. Whatever a group that it is always in held
//! before or holds now is left to the group: it changes nothing for the subject, or it is reported for
//! the group. So the reports together are exact, and none of them says twice what another says:
//!
//! - a request that a subject gains is among what the subject gains or among what one of its groups
//!   gains, and likewise with lost;
//! - nothing is reported for a subject that was already so, or still is; but who can do everything now
//!   is told to gain everything.
//!
//! Requests that nobody can make are left out ([`Scopes`]): a RoleBinding gives nobody Nodes.
//!
//! Only names count: a ServiceAccount that is created or deleted gains or loses nothing by that.

mod change;
mod hidden;
mod risk;

use std::collections::{BTreeMap, BTreeSet};

use change::explain;
pub use change::grants;
pub use change::{Change, Difference};
pub use hidden::hidden;
pub use risk::{GainedRisk, GainedRisks};
use rolecall_rbac::{Authorizer, BoundRole, Inventory, Text};

use crate::algebra::{AccessSet, Held, ReadableTerm, RuleLists, Scopes};
use crate::holder::Holder;

/// How the access of one subject differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HolderDiff<'a> {
    /// The subject.
    pub holder: Holder,
    /// What it may now and could not before.
    pub gained: Difference<'a>,
    /// What it could before and may not now.
    pub lost: Difference<'a>,
    /// What it may now, and may have been able to before: something that was not read decides.
    pub perhaps_gained: Difference<'a>,
    /// What it could before, and may still: something that was not read decides.
    pub perhaps_lost: Difference<'a>,
}

/// Compares the access of every subject that a binding of either side names; sorted, and without
/// those of whom nothing differs.
pub fn diff<'a>(
    old: &'a Authorizer,
    new: &'a Authorizer,
    scopes: &'a Scopes,
) -> Vec<HolderDiff<'a>> {
    let mut holders = holders(old.inventory());
    holders.extend(self::holders(new.inventory()));
    let mut comparison =
        Comparison { old, new, scopes, lists: RuleLists::default(), of_groups: BTreeMap::new() };
    holders.into_iter().filter_map(|holder| comparison.of(holder)).collect()
}

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
    /// What groups held before or hold now.
    of_groups: BTreeMap<Text, AccessSet>,
}

impl<'a> Comparison<'a> {
    fn of(&mut self, holder: Holder) -> Option<HolderDiff<'a>> {
        if holder.is_privileged() {
            return None;
        }
        let (old_bound, new_bound) = (holder.bindings(self.old), holder.bindings(self.new));
        let (old_held, new_held) = (self.held(&old_bound), self.held(&new_bound));
        if old_held == new_held {
            return None;
        }
        let (old, new) = (self.lists.access(&old_held), self.lists.access(&new_held));
        let (mut gained, mut lost) = (new.difference(&old), old.difference(&new));
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
        let by = |bound, access: AccessSet| {
            let told = self.scopes.readable(&access);
            explain(bound, access, told)
        };
        let gained_for_sure = gained.difference(&hidden_before);
        Some(HolderDiff {
            gained: match !gained_for_sure.is_empty() && self.scopes.is_everything(&new) {
                // Whoever may do everything now gains that, whatever was part of it before.
                true => {
                    let told = vec![ReadableTerm::everything(&gained_for_sure)];
                    explain(&new_bound, gained_for_sure, told)
                }
                false => by(&new_bound, gained_for_sure),
            },
            lost: by(&old_bound, lost.difference(&hidden_now)),
            perhaps_gained: by(&new_bound, gained.intersection(&hidden_before)),
            perhaps_lost: by(&old_bound, lost.intersection(&hidden_now)),
            holder,
        })
    }

    /// Returns what a group held before or holds now through bindings that name it.
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
