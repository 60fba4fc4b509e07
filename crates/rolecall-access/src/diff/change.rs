use std::collections::HashMap;

use rolecall_rbac::{BoundRole, PolicyRule, RuleGrant, Text};
use rustc_hash::FxBuildHasher;

use super::shared::SharedExtents;
use crate::algebra::{
    AccessSet, AccessTerm, ByNamespace, Product, ReadableTerm, ResourceTerm, only_namespaces,
};

/// One direction of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The access; `None` if it was released to save memory.
    pub access: Option<AccessSet>,
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
        self.changes.is_empty()
    }
}

/// Finds the grants behind each of the terms among the given bindings.
pub(super) fn explain<'a>(
    bound: &[BoundRole<'a>],
    access: AccessSet,
    terms: Vec<ReadableTerm>,
    lists: &mut SharedExtents,
) -> Difference<'a> {
    let grantors = Grantors::new(bound);
    let changes = terms.into_iter().map(|ReadableTerm { mut term, parts }| {
        let by = grantors.of(&parts);
        lists.share(&mut term);
        Change { term, by }
    });
    Difference { changes: changes.collect(), access: Some(access) }
}

/// Returns every rule of the bindings that grants some of the terms.
pub fn grants<'a>(bound: &[BoundRole<'a>], terms: &[AccessTerm]) -> Vec<RuleGrant<'a>> {
    Grantors::new(bound).of(terms)
}

/// Bindings by namespace, to find those behind a term without visiting all.
struct Grantors<'b, 'a> {
    bound: &'b [BoundRole<'a>],
    /// The positions of the bindings in each namespace; `""` has the ClusterRoleBindings.
    positions: HashMap<&'a str, Vec<usize>, FxBuildHasher>,
    /// The rules of roles with many, by the address of the first.
    rules: HashMap<*const PolicyRule, RuleIndex<'a>, FxBuildHasher>,
}

/// The number of terms up to which visiting all is as fast as looking them up by namespace.
const FEW_TERMS: usize = 4;

/// The number of rules of a role up to which visiting all is as fast.
const FEW_RULES: usize = 32;

/// The rules of a role by resource, to find those behind a term without visiting all.
struct RuleIndex<'a> {
    by_resource: HashMap<&'a Text, Vec<usize>, FxBuildHasher>,
    /// The rules with patterns for resources.
    others: Vec<usize>,
}

impl<'a> RuleIndex<'a> {
    fn new(rules: &'a [PolicyRule]) -> Self {
        let mut index = Self { by_resource: HashMap::default(), others: Vec::new() };
        for (position, rule) in rules.iter().enumerate() {
            if rule.resources.iter().any(|resource| resource.starts_with('*')) {
                index.others.push(position);
                continue;
            }
            for resource in rule.resources.iter() {
                index.by_resource.entry(resource).or_default().push(position);
            }
        }
        index
    }

    /// Returns the positions of the rules that can allow some of the terms, sorted; `None` if a term
    /// is not limited to listed resources.
    fn concerning(&self, terms: &[AccessTerm]) -> Option<Vec<usize>> {
        let mut positions = self.others.clone();
        for term in terms {
            let AccessTerm::Resources(ResourceTerm { resources, .. }) = term else { return None };
            let is_pattern = |resource: &Text| resource.starts_with('*');
            if resources.all || resources.listed.iter().any(is_pattern) {
                return None;
            }
            let listed = resources.listed.iter();
            positions.extend(listed.filter_map(|it| self.by_resource.get(it)).flatten());
        }
        positions.sort_unstable();
        positions.dedup();
        Some(positions)
    }
}

impl<'b, 'a> Grantors<'b, 'a> {
    fn new(bound: &'b [BoundRole<'a>]) -> Self {
        let mut positions: HashMap<&'a str, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (position, BoundRole { binding, .. }) in bound.iter().enumerate() {
            positions.entry(&binding.metadata.namespace).or_default().push(position);
        }
        let mut rules: HashMap<_, RuleIndex<'a>, FxBuildHasher> = HashMap::default();
        let roles = bound.iter().filter_map(|bound| bound.role.ok());
        for role in roles.filter(|role| role.rules.len() > FEW_RULES) {
            let address = role.rules.as_ptr();
            rules.entry(address).or_insert_with(|| RuleIndex::new(&role.rules));
        }
        Self { bound, positions, rules }
    }

    /// Returns every rule that grants some of the terms.
    fn of(&self, terms: &[AccessTerm]) -> Vec<RuleGrant<'a>> {
        let products: Vec<Product<'_>> = terms.iter().map(Product::new).collect();
        let index = (terms.len() > FEW_TERMS).then(|| ByNamespace::new(terms));
        let mut grants = Vec::new();
        let mut counting: Vec<&Product<'_>> = Vec::new();
        for position in self.concerning(terms) {
            let Some(BoundRole { binding, subject, role: Ok(role) }) = self.bound.get(position)
            else {
                continue;
            };
            counting.clear();
            match &index {
                Some(index) if !binding.is_cluster_role_binding() => {
                    let concerned = index.of(&binding.metadata.namespace);
                    let concerned = concerned.filter_map(|term| products.get(term));
                    counting.extend(concerned.filter(|term| term.counts(binding)));
                }
                _ => counting.extend(products.iter().filter(|term| term.counts(binding))),
            }
            let mut add = |rule_index: usize, rule: &'a PolicyRule| {
                if counting.iter().any(|term| term.allows(rule)) {
                    grants.push(RuleGrant { binding, subject, role, rule_index, rule });
                }
            };
            let known = self.rules.get(&role.rules.as_ptr());
            match known.and_then(|known| known.concerning(terms)) {
                Some(candidates) => {
                    for rule_index in candidates {
                        role.rules
                            .get(rule_index)
                            .into_iter()
                            .for_each(|rule| add(rule_index, rule));
                    }
                }
                None => role.rules.iter().enumerate().for_each(|(index, rule)| add(index, rule)),
            }
        }
        grants.shrink_to_fit();
        grants
    }

    /// Returns the positions of the bindings that can grant some of the terms, sorted.
    fn concerning(&self, terms: &[AccessTerm]) -> Vec<usize> {
        let mut positions = self.positions.get("").cloned().unwrap_or_default();
        for term in terms {
            let Some(namespaces) = only_namespaces(term) else {
                return (0..self.bound.len()).collect();
            };
            let in_namespaces = namespaces.iter().filter(|namespace| !namespace.is_empty());
            let in_namespaces = in_namespaces.filter_map(|it| self.positions.get(&**it));
            positions.extend(in_namespaces.flatten());
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
