use rolecall_rbac::RuleGrant;

use super::HolderDiff;
use crate::algebra::{AccessSet, RuleSet};
use crate::holder::Holder;
use crate::risk::{Engine, HeldRisk, RiskIndex};

/// A risk that a subject gained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GainedRisk<'d, 'a> {
    /// The subject.
    pub holder: &'d Holder,
    /// The risk, and the scope in which it is held now.
    pub risk: HeldRisk,
    /// The description of the risk.
    pub may: String,
    /// The rules that grant the part of the gained access that the risk depends on, in the order of
    /// changes.
    pub by: Vec<RuleGrant<'a>>,
}

/// Finds the risks that subjects gain.
#[derive(Debug)]
pub struct GainedRisks<'e, 'a> {
    old: RiskIndex<'e, 'a>,
    new: RiskIndex<'e, 'a>,
}

impl<'e, 'a> GainedRisks<'e, 'a> {
    /// Prepares the two sides of a diff.
    pub fn new(old: &'e Engine<'a>, new: &'e Engine<'a>) -> Self {
        Self { old: RiskIndex::new(old), new: RiskIndex::new(new) }
    }

    /// Returns the risks that a subject has now because of the gained access and did not have
    /// before in the same scope and with the same severity; sorted.
    pub fn of<'d>(&mut self, diff: &'d HolderDiff<'a>) -> Vec<GainedRisk<'d, 'a>> {
        if diff.gained.is_empty() {
            return Vec::new();
        }
        let identity = diff.holder.identity();
        let before = self.old.risks_of(&identity);
        let mut risks = self.new.risks_through(&identity, &diff.gained.access);
        risks.retain(|risk| {
            let as_wide = |old: &HeldRisk| {
                old.code == risk.code
                    && old.severity >= risk.severity
                    && (old.namespace.is_none() || old.namespace == risk.namespace)
            };
            !before.iter().any(as_wide)
        });
        let gained = |risk: HeldRisk| {
            let grants = diff.gained.changes.iter().flat_map(|change| &change.by);
            let mut by: Vec<RuleGrant<'a>> = Vec::new();
            for grant in grants {
                if !by.contains(grant) && self.new.rests_on(&risk, &granted(grant)) {
                    by.push(*grant);
                }
            }
            GainedRisk { holder: &diff.holder, may: self.new.may(&risk, &by), risk, by }
        };
        risks.into_iter().map(gained).collect()
    }
}

/// Returns the access that a rule grants through its binding.
fn granted(grant: &RuleGrant<'_>) -> AccessSet {
    let rule = RuleSet::of_rules([grant.rule]);
    match grant.binding.is_cluster_role_binding() {
        true => rule.everywhere(),
        false => rule.within([grant.binding.metadata.namespace.clone()]),
    }
}
