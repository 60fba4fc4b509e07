//! Rules that overlap in all dimensions, which a set splits into thousands of terms.

use rolecall_access::AccessSet;
use rolecall_rbac::{
    Authorizer, Binding, InventoryBuilder, Metadata, PolicyRule, Role, RoleKind, RoleRef, Subject,
    SubjectKind, Text,
};

use super::{diff, each};

/// A generator of numbers, the same for the same seed.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % limit
    }

    fn names(&mut self, name: &str, count: usize, limit: u64) -> Vec<Text> {
        (0..count).map(|_| Text::from(format!("{name}{}", self.below(limit)))).collect()
    }
}

/// A user with a ClusterRole of overlapping rules; every second one has names.
fn overlapping(rules: usize, seed: u64) -> Authorizer {
    let mut numbers = Numbers(seed);
    let rules = (0..rules).map(|index| PolicyRule {
        verbs: numbers.names("verb", 5, 10).into(),
        api_groups: numbers.names("group", 5, 40).into(),
        resources: numbers.names("resources", 8, 60).into(),
        resource_names: match index % 2 {
            0 => [].into(),
            _ => numbers.names("name", 4, 80).into(),
        },
        ..PolicyRule::default()
    });
    let mut builder = InventoryBuilder::new();
    builder.role(Role {
        metadata: Metadata::new("", "wide"),
        rules: rules.collect(),
        aggregation: None,
    });
    builder.binding(Binding {
        metadata: Metadata::new("", "wide"),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".into(),
            kind: RoleKind::ClusterRole,
            name: "wide".into(),
        },
        subjects: vec![Subject {
            kind: SubjectKind::User,
            api_group: "rbac.authorization.k8s.io".into(),
            namespace: "".into(),
            name: "jane".into(),
        }]
        .into(),
    });
    Authorizer::new(builder.build())
}

#[test]
fn hundreds_of_overlapping_rules_are_compared_exactly() {
    let (old, new) = (overlapping(120, 1), overlapping(120, 2));
    let diffs = diff(&old, &new);
    let [diff] = &*diffs else { panic!("{} subjects differ", diffs.len()) };
    for difference in each(diff) {
        let terms = difference.changes.iter().map(|change| change.term.to_set());
        assert_eq!(union(terms.collect()), *super::access(difference));
        assert!(difference.changes.iter().all(|change| !change.by.is_empty()));
    }
    assert!(diff.gained.changes.len() > 1_000, "{}", diff.gained.changes.len());
}

/// Joins sets in pairs, so that most unions are small.
fn union(mut sets: Vec<AccessSet>) -> AccessSet {
    while sets.len() > 1 {
        let pairs = sets.chunks(2);
        sets = pairs.map(|pair| pair[0].union(pair.last().unwrap_or(&pair[0]))).collect();
    }
    sets.pop().unwrap_or_else(AccessSet::nothing)
}
