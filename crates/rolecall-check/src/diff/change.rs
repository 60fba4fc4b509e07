use std::collections::BTreeMap;

use rolecall_rbac::{BoundRole, Role, RuleGrant};

use crate::access::{AccessSet, AccessTerm, Overlap};

/// One direction of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// All of it.
    pub access: AccessSet,
    /// Its terms, sorted, each with what grants it.
    pub changes: Vec<Change<'a>>,
}

/// One term of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// What is gained or lost.
    pub term: AccessTerm,
    /// Every rule that grants some of it, on the side that has it: ClusterRoleBindings first, then
    /// by namespace and name.
    pub by: Vec<RuleGrant<'a>>,
}

impl Difference<'_> {
    /// Returns whether there is none.
    pub fn is_empty(&self) -> bool {
        self.access.is_empty()
    }
}

/// Splits access into terms and finds what grants each among some bindings.
pub(crate) fn explain<'a>(bound: &[BoundRole<'a>], access: AccessSet) -> Difference<'a> {
    let changes = access.terms().into_iter().map(|term| {
        let by = grants(bound, &term);
        Change { term, by }
    });
    Difference { changes: changes.collect(), access }
}

/// Returns every rule of some bindings that grants some of a term.
pub(crate) fn grants<'a>(bound: &[BoundRole<'a>], term: &AccessTerm) -> Vec<RuleGrant<'a>> {
    let overlap = Overlap::new(term);
    let mut allowing: BTreeMap<*const Role, Vec<usize>> = BTreeMap::new();
    let mut grants = Vec::new();
    for BoundRole { binding, subject, role } in bound {
        let (Ok(role), true) = (*role, overlap.counts(binding)) else { continue };
        let allowing = allowing.entry(std::ptr::from_ref(role)).or_insert_with(|| {
            let rules = role.rules.iter().enumerate();
            rules.filter(|(_, rule)| overlap.allows(rule)).map(|(index, _)| index).collect()
        });
        grants.extend(allowing.iter().filter_map(|&rule_index| {
            let rule = role.rules.get(rule_index)?;
            Some(RuleGrant { binding, subject, role, rule_index, rule })
        }));
    }
    grants
}
