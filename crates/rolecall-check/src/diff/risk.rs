use std::collections::BTreeSet;

use rolecall_rbac::Authorizer;

use super::HolderDiff;
use crate::{HeldRisk, KubernetesVersion, RiskTeller};

/// Tells which risks subjects gain with their access.
pub struct GainedRisks<'a> {
    old: RiskTeller<'a>,
    new: RiskTeller<'a>,
}

impl<'a> GainedRisks<'a> {
    /// Prepares for the two sides of a diff, as a version of the server sees them.
    pub fn new(old: &'a Authorizer, new: &'a Authorizer, version: KubernetesVersion) -> Self {
        Self { old: RiskTeller::new(old, version), new: RiskTeller::new(new, version) }
    }

    /// Returns the risks that a subject has now by what it gained, and did not have before as widely;
    /// sorted.
    pub fn of(&mut self, diff: &HolderDiff<'_>) -> BTreeSet<HeldRisk> {
        if diff.gained.is_empty() {
            return BTreeSet::new();
        }
        let identity = diff.holder.identity();
        let before = self.old.risks_of(&identity);
        let mut risks = self.new.risks_through(&identity, &diff.gained.access);
        risks.retain(|risk| {
            let as_wide = |old: &HeldRisk| {
                old.code == risk.code
                    && (old.namespace.is_none() || old.namespace == risk.namespace)
            };
            !before.iter().any(as_wide)
        });
        risks
    }
}
