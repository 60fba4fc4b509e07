use std::collections::HashSet;

use rayon::prelude::*;
use rolecall_rbac::RuleGrant;
use rustc_hash::FxBuildHasher;

use super::{Difference, HOLDERS_PER_TASK, HolderDiff};
use crate::holder::Holder;
use crate::pool::Pool;
use crate::risk::{Engine, HeldRisk, RiskIndex};

/// A risk that a subject gained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainedRisk<'a> {
    /// The subject.
    pub holder: Holder,
    /// The risk, and the scope in which it is held now.
    pub risk: HeldRisk,
    /// The description of the risk.
    pub may: String,
    /// The rules that grant the part of the gained access that the risk depends on, in the order of
    /// changes.
    pub by: Vec<RuleGrant<'a>>,
}

/// Returns the risks that subjects have now because of the gained access and did not have before
/// in the same scope and with the same severity; sorted by subject and risk.
pub fn gained_risks<'a>(
    diffs: &[HolderDiff<'a>],
    old: &Engine<'a>,
    new: &Engine<'a>,
) -> Vec<GainedRisk<'a>> {
    let pool = Pool::new();
    let risks = diffs.par_chunks(HOLDERS_PER_TASK).map(|diffs| {
        pool.with(
            || Indexes::new(old, new),
            |indexes| diffs.iter().flat_map(|diff| indexes.gained(diff)).collect::<Vec<_>>(),
        )
    });
    risks.flatten_iter().collect()
}

/// The risks of both sides.
pub(super) struct Indexes<'e, 'a> {
    old: RiskIndex<'e, 'a>,
    new: RiskIndex<'e, 'a>,
}

impl<'e, 'a> Indexes<'e, 'a> {
    pub(super) fn new(old: &'e Engine<'a>, new: &'e Engine<'a>) -> Self {
        Self { old: RiskIndex::new(old), new: RiskIndex::new(new) }
    }

    /// Returns the risks that a subject gains.
    pub(super) fn gained(&mut self, diff: &HolderDiff<'a>) -> Vec<GainedRisk<'a>> {
        let Self { old, new } = self;
        let Some(access) = diff.gained.access.as_ref().filter(|access| !access.is_empty()) else {
            return Vec::new();
        };
        let identity = diff.holder.identity();
        let mut risks = new.risks_through(&identity, access);
        if risks.is_empty() {
            return Vec::new();
        }
        let before = old.risks_of(&identity);
        risks.retain(|risk| {
            let as_wide = |old: &HeldRisk| {
                old.code == risk.code
                    && old.severity >= risk.severity
                    && (old.namespace.is_none() || old.namespace == risk.namespace)
            };
            !before.iter().any(as_wide)
        });
        let grants = unique(&diff.gained);
        let risks = risks.into_iter().map(|risk| {
            let by = new.grants_behind(&risk, &grants);
            GainedRisk { holder: diff.holder.clone(), may: new.may(&risk, &by), risk, by }
        });
        risks.collect()
    }
}

/// Returns the rules behind the changes, each once, in the order of changes.
fn unique<'a>(difference: &Difference<'a>) -> Vec<RuleGrant<'a>> {
    let mut known: HashSet<_, FxBuildHasher> = HashSet::default();
    let grants = difference.changes.iter().flat_map(|change| &change.by);
    let key = |grant: &&RuleGrant<'a>| (std::ptr::from_ref(grant.binding), grant.rule_index);
    grants.filter(|grant| known.insert(key(grant))).copied().collect()
}
