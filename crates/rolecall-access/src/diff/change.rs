use std::collections::HashMap;

use rolecall_rbac::{BoundRole, RuleGrant, Text};
use rustc_hash::FxBuildHasher;

use crate::algebra::{AccessSet, AccessTerm, ByNamespace, Product, ReadableTerm};

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
    let grantors = Grantors::new(bound);
    let changes = terms.into_iter().map(|ReadableTerm { term, parts }| {
        let by = grantors.of(&parts);
        Change { term, by }
    });
    Difference { changes: changes.collect(), access }
}

/// Returns every rule of the bindings that grants some of the terms.
pub fn grants<'a>(bound: &[BoundRole<'a>], terms: &[AccessTerm]) -> Vec<RuleGrant<'a>> {
    Grantors::new(bound).of(terms)
}

/// Bindings by namespace, to find those behind a term without visiting all.
struct Grantors<'b, 'a> {
    bound: &'b [BoundRole<'a>],
    /// The positions of the bindings in each namespace; `""` has the ClusterRoleBindings.
    positions: HashMap<&'a Text, Vec<usize>, FxBuildHasher>,
}

impl<'b, 'a> Grantors<'b, 'a> {
    fn new(bound: &'b [BoundRole<'a>]) -> Self {
        let mut positions: HashMap<&'a Text, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (position, BoundRole { binding, .. }) in bound.iter().enumerate() {
            positions.entry(&binding.metadata.namespace).or_default().push(position);
        }
        Self { bound, positions }
    }

    /// Returns every rule that grants some of the terms.
    fn of(&self, terms: &[AccessTerm]) -> Vec<RuleGrant<'a>> {
        let products: Vec<Product> = terms.iter().map(Product::new).collect();
        let index = ByNamespace::new(terms);
        let mut grants = Vec::new();
        for position in self.concerning(&index) {
            let Some(BoundRole { binding, subject, role: Ok(role) }) = self.bound.get(position)
            else {
                continue;
            };
            let counting: Vec<&Product> = match binding.is_cluster_role_binding() {
                true => products.iter().collect(),
                false => {
                    let concerned = index.of(&binding.metadata.namespace);
                    let concerned = concerned.filter_map(|term| products.get(term));
                    concerned.filter(|term| term.counts(binding)).collect()
                }
            };
            for (rule_index, rule) in role.rules.iter().enumerate() {
                if counting.iter().any(|term| term.allows(rule)) {
                    grants.push(RuleGrant { binding, subject, role, rule_index, rule });
                }
            }
        }
        grants
    }

    /// Returns the positions of the bindings that can grant some of the terms, sorted.
    fn concerning(&self, terms: &ByNamespace<'_>) -> Vec<usize> {
        let Some(namespaces) = terms.namespaces() else { return (0..self.bound.len()).collect() };
        let cluster_wide = Text::from("");
        let concerned = namespaces.chain([&cluster_wide]);
        let positions = concerned.filter_map(|namespace| self.positions.get(namespace)).flatten();
        let mut positions: Vec<usize> = positions.copied().collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
