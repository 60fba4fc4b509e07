use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use rolecall_rbac::Text;
use rustc_hash::FxHasher;

use super::Key;
use super::memo::remembered;

/// A set operation, applied point by point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    /// Points in either set.
    Union,
    /// Points in both sets.
    Intersection,
    /// Points only in the left set.
    Difference,
}

/// A set of requests over the axes below the current one.
pub(super) trait Set: Clone + Eq + Hash + 'static {
    /// The number of axes.
    const AXES: usize;

    /// Returns the empty set.
    fn nothing() -> Self;

    /// Returns a reference to the empty set.
    fn nothing_ref() -> &'static Self;

    /// Returns the universal set.
    fn everything() -> Self;

    /// Applies an operation point by point.
    fn combine(&self, other: &Self, operation: Operation) -> Self;

    /// Returns whether two sets are the same value without comparing contents; `false` is
    /// inconclusive.
    fn is(&self, other: &Self) -> bool;

    /// Returns a number that is the same for equal sets, and mostly different for others.
    fn digest(&self) -> u64;

    /// Returns whether every point of this set is in the other.
    fn is_subset(&self, other: &Self) -> bool;

    /// Returns whether the set is empty.
    fn is_nothing(&self) -> bool;
}

/// The innermost value, below the last axis.
impl Set for bool {
    const AXES: usize = 0;

    fn nothing() -> Self {
        false
    }

    fn nothing_ref() -> &'static Self {
        &false
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

    fn digest(&self) -> u64 {
        u64::from(*self)
    }

    fn is_subset(&self, other: &Self) -> bool {
        !*self || *other
    }

    fn is_nothing(&self) -> bool {
        !*self
    }
}

/// A function from the points of one dimension to sets over the dimensions below it.
///
/// Canonical: contains a key only if its set differs from the inherited one, so equal functions are
/// equal values. Cheap to clone, compare and hash; equal parts are mostly shared.
#[derive(Clone, Debug)]
pub(super) struct Axis<K: Key, S: Set> {
    /// `None` for nothing, which is the most frequent value.
    points: Option<Arc<Points<K, S>>>,
}

#[derive(Debug)]
struct Points<K, S> {
    /// Sorted by key.
    named: Vec<(K, S)>,
    rest: S,
    digest: u64,
}

impl<K: Key, S: Set> PartialEq for Axis<K, S> {
    fn eq(&self, other: &Self) -> bool {
        match (&self.points, &other.points) {
            (None, None) => true,
            (Some(one), Some(other)) => {
                Arc::ptr_eq(one, other)
                    || (one.digest == other.digest
                        && one.rest == other.rest
                        && one.named == other.named)
            }
            _ => false,
        }
    }
}

impl<K: Key, S: Set> Eq for Axis<K, S> {}

impl<K: Key, S: Set> Hash for Axis<K, S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest());
    }
}

/// The numbers of axes of the sets whose combinations are remembered. Those with fewer axes are
/// combined as fast, and those with more are hardly ever equal.
const REMEMBERED: std::ops::RangeInclusive<usize> = 2..=4;

impl<K: Key, S: Set> Axis<K, S> {
    /// Returns the function with the same set at every point.
    pub(super) fn constant(set: S) -> Self {
        Self::of(Vec::new(), set)
    }

    fn of(named: Vec<(K, S)>, rest: S) -> Self {
        if named.is_empty() && rest.is_nothing() {
            return Self { points: None };
        }
        let mut hasher = FxHasher::default();
        for (key, set) in &named {
            key.hash(&mut hasher);
            hasher.write_u64(set.digest());
        }
        hasher.write_u64(rest.digest());
        let points = Points { named, rest, digest: hasher.finish() };
        Self { points: Some(Arc::new(points)) }
    }

    /// Returns the function with a set at the points that the keys match, and nothing elsewhere.
    pub(super) fn at(keys: impl IntoIterator<Item = K>, set: &S) -> Self {
        let mut keys: Vec<K> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        Self::build(S::nothing(), keys.into_iter().map(|key| (key, set.clone())))
    }

    /// Builds a canonical function from the sets of keys in ascending order.
    pub(super) fn build(rest: S, keys: impl IntoIterator<Item = (K, S)>) -> Self {
        let keys = keys.into_iter();
        // Growing step by step takes as long as everything else.
        let mut named: Vec<(K, S)> = Vec::with_capacity(keys.size_hint().1.unwrap_or_default());
        for (key, set) in keys {
            // Keys come after those that they inherit from, so the inherited sets are final.
            let inherited = key.inherited(&named).and_then(|position| named.get(position));
            if *inherited.map_or(&rest, |(_, set)| set) != set {
                named.push((key, set));
            }
        }
        if named.len() < named.capacity() / 2 {
            named.shrink_to_fit();
        }
        Self::of(named, rest)
    }

    /// Returns the keys with explicit sets, sorted, and these sets.
    pub(super) fn named(&self) -> &[(K, S)] {
        self.points.as_ref().map_or(&[], |points| &points.named)
    }

    /// Returns the set of the points that no key matches.
    pub(super) fn rest(&self) -> &S {
        self.points.as_ref().map_or(S::nothing_ref(), |points| &points.rest)
    }

    /// Returns the set at a key: explicit or inherited.
    pub(super) fn get(&self, key: &K) -> &S {
        match self.named().binary_search_by(|(named, _)| named.cmp(key)) {
            Ok(position) => self.named().get(position).map_or(self.rest(), |(_, set)| set),
            Err(_) => self.inherited(key),
        }
    }

    /// Returns whether no key matches several points.
    pub(super) fn has_only_points(&self) -> bool {
        self.named().iter().all(|(key, _)| key.is_point())
    }

    /// Returns the set that a key inherits.
    fn inherited(&self, key: &K) -> &S {
        let position = key.inherited(self.named());
        position.and_then(|position| self.named().get(position)).map_or(self.rest(), |(_, set)| set)
    }
}

impl<K: Key, S: Set> Axis<K, S> {
    /// Applies an operation at each point.
    fn calculate(&self, other: &Self, operation: Operation) -> Self {
        // Only points of the own keys can be in the result, so the other keys need no visit.
        if operation != Operation::Union && self.rest().is_nothing() && self.has_only_points() {
            let named = self.named().iter();
            let named =
                named.map(|(key, set)| (key.clone(), set.combine(other.get(key), operation)));
            return Self::build(S::nothing(), named);
        }
        let mut last: Option<(&S, &S, S)> = None;
        let named = Pairs { left: self, right: other, passed: (0, 0) }.map(|(key, left, right)| {
            // Adjacent keys mostly share both sets and therefore the result.
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
}

impl<K: Key> Axis<K, bool> {
    /// Returns whether the function is true at any point that a key matches, or at any point for
    /// `None`.
    pub(super) fn meets(&self, key: Option<&K>) -> bool {
        let Some(key) = key else { return !self.is_nothing() };
        *self.get(key) || self.named().iter().any(|(named, yes)| *yes && key.reaches(named))
    }
}

impl<S: Set> Axis<Text, S> {
    /// Returns the function for a field of a rule, where the string `*` matches every point.
    pub(super) fn of_rule_field(strings: &[Text], set: &S) -> Self {
        if strings.iter().any(|string| &**string == "*") {
            Self::constant(set.clone())
        } else {
            Self::at(strings.iter().cloned(), set)
        }
    }
}

impl<K: Key, S: Set> Set for Axis<K, S> {
    const AXES: usize = S::AXES + 1;

    fn nothing() -> Self {
        Self { points: None }
    }

    fn nothing_ref() -> &'static Self {
        &Self { points: None }
    }

    fn everything() -> Self {
        Self::constant(S::everything())
    }

    fn combine(&self, other: &Self, operation: Operation) -> Self {
        match operation {
            Operation::Union | Operation::Intersection if self == other => return self.clone(),
            Operation::Difference if self == other => return Self::nothing(),
            Operation::Union if self.is_nothing() => return other.clone(),
            Operation::Union | Operation::Difference if other.is_nothing() => return self.clone(),
            Operation::Intersection if other.is_nothing() => return other.clone(),
            Operation::Intersection | Operation::Difference if self.is_nothing() => {
                return self.clone();
            }
            _ => {}
        }
        if !REMEMBERED.contains(&Self::AXES) {
            return self.calculate(other, operation);
        }
        remembered((self.clone(), other.clone(), operation), |_| self.calculate(other, operation))
    }

    fn is(&self, other: &Self) -> bool {
        match (&self.points, &other.points) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    fn digest(&self) -> u64 {
        self.points.as_ref().map_or(0, |points| points.digest)
    }

    fn is_subset(&self, other: &Self) -> bool {
        if self.is(other) || self.is_nothing() {
            return true;
        }
        // Only points of the own keys are in this set, so the other keys need no visit.
        if self.rest().is_nothing() && self.has_only_points() {
            return self.named().iter().all(|(key, set)| set.is_subset(other.get(key)));
        }
        self.rest().is_subset(other.rest())
            && Pairs { left: self, right: other, passed: (0, 0) }
                .all(|(_, left, right)| left.is_subset(right))
    }

    fn is_nothing(&self) -> bool {
        self.points.is_none()
    }
}

/// The keys of two functions in ascending order, without duplicates, with the sets of both.
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

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.left.named().len() - self.passed.0.min(self.left.named().len());
        let right = self.right.named().len() - self.passed.1.min(self.right.named().len());
        (left.max(right), Some(left + right))
    }
}
