use std::cmp::Ordering;
use std::hash::Hash;
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
pub(super) trait Set: Clone + Eq + Hash {
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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Axis<K: Key, S: Set> {
    points: Arc<Points<K, S>>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Points<K, S> {
    /// Sorted by key.
    named: Vec<(K, S)>,
    rest: S,
}

impl<K: Key, S: Set> Axis<K, S> {
    /// Returns the function that has one set at every point.
    pub(super) fn constant(set: S) -> Self {
        Self { points: Arc::new(Points { named: Vec::new(), rest: set }) }
    }

    /// Returns the function that has a set wherever a key reaches, and nothing elsewhere.
    pub(super) fn at(keys: impl IntoIterator<Item = K>, set: &S) -> Self {
        let mut keys: Vec<K> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self::build(S::nothing(), keys.into_iter().map(|key| (key, set.clone())))
    }

    /// Builds a canonical function from the sets of keys in ascending order.
    pub(super) fn build(rest: S, keys: impl IntoIterator<Item = (K, S)>) -> Self {
        let mut named: Vec<(K, S)> = Vec::new();
        for (key, set) in keys {
            // A key comes after those that it inherits from, so what they have is settled.
            let inherited = key.inherited(&named).and_then(|position| named.get(position));
            if *inherited.map_or(&rest, |(_, set)| set) != set {
                named.push((key, set));
            }
        }
        Self { points: Arc::new(Points { named, rest }) }
    }

    /// Returns the keys that have sets of their own, sorted, with these.
    pub(super) fn named(&self) -> &[(K, S)] {
        &self.points.named
    }

    /// Returns the set of the points that no key reaches.
    pub(super) fn rest(&self) -> &S {
        &self.points.rest
    }

    /// Returns the set at a key: its own, else what it inherits.
    pub(super) fn get(&self, key: &K) -> &S {
        match self.named().binary_search_by(|(named, _)| named.cmp(key)) {
            Ok(position) => self.named().get(position).map_or(self.rest(), |(_, set)| set),
            Err(_) => self.inherited(key),
        }
    }

    /// Returns the set that a key would have if it had none of its own.
    fn inherited(&self, key: &K) -> &S {
        let position = key.inherited(self.named());
        position.and_then(|position| self.named().get(position)).map_or(self.rest(), |(_, set)| set)
    }
}

impl<K: Key> Axis<K, bool> {
    /// Returns whether some point that a key reaches is in; for `None`, some point at all.
    pub(super) fn meets(&self, key: Option<&K>) -> bool {
        let Some(key) = key else { return !self.is_nothing() };
        *self.get(key) || self.named().iter().any(|(named, yes)| *yes && key.reaches(named))
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
        let mut last: Option<(&S, &S, S)> = None;
        let named = Pairs { left: self, right: other, passed: (0, 0) }.map(|(key, left, right)| {
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

/// The keys of two functions in ascending order, each once, with its set in both.
struct Pairs<'a, K: Key, S: Set> {
    left: &'a Axis<K, S>,
    right: &'a Axis<K, S>,
    passed: (usize, usize),
}

impl<'a, K: Key, S: Set> Iterator for Pairs<'a, K, S> {
    type Item = (&'a K, &'a S, &'a S);

    fn next(&mut self) -> Option<Self::Item> {
        let (left, right) = (self.left, self.right);
        let first = left.named().get(self.passed.0);
        let second = right.named().get(self.passed.1);
        let order = match (first, second) {
            (Some((first, _)), Some((second, _))) => first.cmp(second),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        self.passed.0 += usize::from(order.is_le());
        self.passed.1 += usize::from(order.is_ge());
        match (first, second) {
            (Some((key, set)), Some((_, other))) if order.is_eq() => Some((key, set, other)),
            (Some((key, set)), _) if order.is_lt() => Some((key, set, right.inherited(key))),
            (_, Some((key, other))) => Some((key, left.inherited(key), other)),
            _ => None,
        }
    }
}
