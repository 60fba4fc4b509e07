use std::collections::BTreeMap;

use rolecall_rbac::{BoundRole, Role, RuleGrant};

use crate::algebra::{AccessSet, AccessTerm, Overlap, ReadableTerm};

/// One direction of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The access.
    pub access: AccessSet,
    /// Its terms, sorted, each with its grants.
    pub changes: Vec<Change<'a>>,
}

/// One term of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// The gained or lost access.
    pub term: AccessTerm,
    /// Every rule that grants some of it, on the side that has it: ClusterRoleBindings first, then
    /// by namespace and name.
    pub by: Vec<RuleGrant<'a>>,
}

impl Difference<'_> {
    /// Returns whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.access.is_empty()
    }
}

/// Finds the grants behind each of the terms among the given bindings.
pub(crate) fn explain<'a>(
    bound: &[BoundRole<'a>],
    access: AccessSet,
    terms: Vec<ReadableTerm>,
) -> Difference<'a> {
    let changes = terms.into_iter().map(|ReadableTerm { term, parts }| {
        let by = grants(bound, &parts);
        Change { term, by }
    });
    Difference { changes: changes.collect(), access }
}

/// Returns every rule of the bindings that grants some of the terms.
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
