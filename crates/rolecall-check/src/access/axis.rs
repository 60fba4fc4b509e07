use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rolecall_rbac::Text;

use super::Key;

/// What two sets become, point by point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    /// What is in either.
    Union,
    /// What is in both.
    Intersection,
    /// What is in the left one alone.
    Difference,
}

/// A set of requests, as far as the axes above it have not decided yet.
pub(super) trait Set: Clone + Eq {
    /// Returns the set of nothing.
    fn nothing() -> Self;

    /// Returns the set of everything.
    fn everything() -> Self;

    /// Applies an operation point by point.
    fn combine(&self, other: &Self, operation: Operation) -> Self;

    /// Returns whether two sets are the same value without looking inside; `false` says nothing.
    fn is(&self, other: &Self) -> bool;

    /// Returns whether nothing is in it.
    fn is_nothing(&self) -> bool {
        *self == Self::nothing()
    }
}

/// Yes or no: what is left when every axis has decided.
impl Set for bool {
    fn nothing() -> Self {
        false
    }

    fn everything() -> Self {
        true
    }

    fn combine(&self, other: &Self, operation: Operation) -> Self {
        match operation {
            Operation::Union => *self || *other,
            Operation::Intersection => *self && *other,
            Operation::Difference => *self && !*other,
        }
    }

    fn is(&self, other: &Self) -> bool {
        self == other
    }
}

/// A function from the points of one dimension to sets over the dimensions below it.
///
/// Canonical: a key is present only where its set differs from what it would inherit, so that equal
/// functions are equal values. Cheap to clone; equal parts are mostly shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axis<K: Key, S: Set> {
    points: Arc<Points<K, S>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Points<K, S> {
    named: BTreeMap<K, S>,
    rest: S,
}

impl<K: Key, S: Set> Axis<K, S> {
    /// Returns the function that has one set at every point.
    pub(super) fn constant(set: S) -> Self {
        Self { points: Arc::new(Points { named: BTreeMap::new(), rest: set }) }
    }

    /// Returns the function that has a set wherever a key reaches, and nothing elsewhere.
    pub(super) fn at(keys: impl IntoIterator<Item = K>, set: &S) -> Self {
        let keys: BTreeSet<K> = keys.into_iter().collect();
        Self::build(S::nothing(), keys.into_iter().map(|key| (key, set.clone())))
    }

    /// Builds a canonical function from the sets of keys in ascending order.
    pub(super) fn build(rest: S, keys: impl IntoIterator<Item = (K, S)>) -> Self {
        let mut named = BTreeMap::new();
        for (key, set) in keys {
            // A key comes after those that it inherits from, so what they have is settled.
            if *key.inherited(&named).unwrap_or(&rest) != set {
                named.insert(key, set);
            }
        }
        Self { points: Arc::new(Points { named, rest }) }
    }

    /// Returns the keys with sets of their own, sorted.
    pub(super) fn named(&self) -> &BTreeMap<K, S> {
        &self.points.named
    }

    /// Returns the set of the points that no key reaches.
    pub(super) fn rest(&self) -> &S {
        &self.points.rest
    }

    /// Returns the set at a key: its own, else what it inherits.
    pub(super) fn get(&self, key: &K) -> &S {
        let named = self.named();
        named.get(key).or_else(|| key.inherited(named)).unwrap_or(self.rest())
    }
}

impl<S: Set> Axis<Text, S> {
    /// Returns the function that a field of a rule stands for: `*` among the strings is every point.
    pub(super) fn of_rule_field(strings: &[Text], set: &S) -> Self {
        if strings.iter().any(|string| &**string == "*") {
            Self::constant(set.clone())
        } else {
            Self::at(strings.iter().cloned(), set)
        }
    }
}

impl<K: Key, S: Set> Set for Axis<K, S> {
    fn nothing() -> Self {
        Self::constant(S::nothing())
    }

    fn everything() -> Self {
        Self::constant(S::everything())
    }

    fn combine(&self, other: &Self, operation: Operation) -> Self {
        match operation {
            Operation::Union | Operation::Intersection if self.is(other) => return self.clone(),
            Operation::Difference if self.is(other) => return Self::nothing(),
            Operation::Union if self.is_nothing() => return other.clone(),
            Operation::Union | Operation::Difference if other.is_nothing() => return self.clone(),
            Operation::Intersection if other.is_nothing() => return other.clone(),
            Operation::Intersection | Operation::Difference if self.is_nothing() => {
                return self.clone();
            }
            _ => {}
        }
        let keys: BTreeSet<&K> = self.named().keys().chain(other.named().keys()).collect();
        let mut last: Option<(&S, &S, S)> = None;
        let named = keys.into_iter().map(|key| {
            let (left, right) = (self.get(key), other.get(key));
            // Neighbours mostly share both sets, and then they share the result too.
            let known = last.as_ref().filter(|(a, b, _)| a.is(left) && b.is(right));
            let combined = match known {
                Some((_, _, combined)) => combined.clone(),
                None => left.combine(right, operation),
            };
            last = Some((left, right, combined.clone()));
            (key.clone(), combined)
        });
        Self::build(self.rest().combine(other.rest(), operation), named)
    }

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.points, &other.points)
    }

    fn is_nothing(&self) -> bool {
        self.named().is_empty() && self.rest().is_nothing()
    }
}
