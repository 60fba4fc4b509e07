use std::collections::BTreeMap;

use rolecall_rbac::{BoundRole, Role, RuleGrant};

use crate::algebra::{AccessSet, AccessTerm, Overlap, ReadableTerm};

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

/// Finds what grants each of the terms that tell some access, among some bindings.
pub(crate) fn explain<'a>(
    bound: &[BoundRole<'a>],
    access: AccessSet,
    told: Vec<ReadableTerm>,
) -> Difference<'a> {
    let changes = told.into_iter().map(|ReadableTerm { term, parts }| {
        let by = grants(bound, &parts);
        Change { term, by }
    });
    Difference { changes: changes.collect(), access }
}

/// Returns every rule of some bindings that grants some of these terms.
pub fn grants<'a>(bound: &[BoundRole<'a>], terms: &[AccessTerm]) -> Vec<RuleGrant<'a>> {
    let overlaps: Vec<Overlap> = terms.iter().map(Overlap::new).collect();
    let mut allowing: BTreeMap<*const Role, Vec<Vec<usize>>> = BTreeMap::new();
    let mut grants = Vec::new();
    for BoundRole { binding, subject, role } in bound {
        let Ok(role) = *role else { continue };
        let allowing = allowing.entry(std::ptr::from_ref(role)).or_insert_with(|| {
            let rules = role.rules.iter().map(|rule| {
                let terms = overlaps.iter().enumerate();
                terms.filter(|(_, term)| term.allows(rule)).map(|(index, _)| index).collect()
            });
            rules.collect()
        });
        let counts = |term: &usize| overlaps.get(*term).is_some_and(|term| term.counts(binding));
        let counting = allowing.iter().enumerate().filter(|(_, terms)| terms.iter().any(counts));
        grants.extend(counting.filter_map(|(rule_index, _)| {
            let rule = role.rules.get(rule_index)?;
            Some(RuleGrant { binding, subject, role, rule_index, rule })
        }));
    }
    grants
}
