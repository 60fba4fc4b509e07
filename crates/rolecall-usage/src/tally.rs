//! Counts distinct requests.

use std::collections::BTreeSet;
use std::hash::BuildHasher as _;

use hashbrown::HashTable;
use hashbrown::hash_table;
use rolecall_rbac::Text;
use rustc_hash::FxBuildHasher;

use crate::counts::Counts;
use crate::coverage::Coverage;
use crate::key::{self, Kind, Shape};

/// How many names are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The object names or paths of a kind of request; beyond that they are only counted.
    pub names: usize,
    /// The Pods that made a kind of request.
    pub pods: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { names: 16, pods: 8 }
    }
}

/// The distinct requests of logs. Adding logs in any order and any grouping gives the same result, and the
/// memory depends on the number of distinct requests only.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    limits: Limits,
    entries: HashTable<Keyed>,
    coverage: Coverage,
    /// Reused for each key.
    key: String,
}

/// An entry with its key, and the hash of that: looking at a key again costs a cache miss.
#[derive(Clone, Debug)]
struct Keyed {
    hash: u64,
    key: Box<str>,
    entry: Entry,
}

/// The counts of one kind of request. Tables are half empty, so entries are small.
#[derive(Clone, Debug, Default)]
struct Entry {
    unnamed: Option<Box<Counts>>,
    names: Vec<(Box<str>, Counts)>,
    /// The counts of all names, if there are more than the limit.
    many: Option<Box<Counts>>,
    pods: Vec<Box<str>>,
    has_more_pods: bool,
}

/// A kind of request, and its counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The kind of request.
    pub kind: Kind,
    /// The counts of each object name or path, sorted; the empty name is a request without one.
    pub names: Vec<(Text, Counts)>,
    /// The counts of requests whose names were too many to keep.
    pub many: Option<Counts>,
    /// The Pods that made these requests, sorted.
    pub pods: Vec<Text>,
    /// Whether more Pods made these requests than are listed.
    pub has_more_pods: bool,
}

impl Tally {
    /// Creates an empty tally.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Returns what the logs cover.
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    pub(crate) fn coverage_mut(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    /// Returns the number of kinds of requests.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there are no requests.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Counts a request.
    pub(crate) fn count(&mut self, shape: &Shape<'_>, counts: &Counts) {
        let (limits, entry) = self.entry(shape);
        entry.add_name(shape.target.name(), counts, limits);
        if !shape.pod.is_empty() {
            entry.add_pod(shape.pod, limits);
        }
    }

    /// Counts requests with names that an earlier tally did not keep.
    pub(crate) fn count_many(&mut self, shape: &Shape<'_>, counts: &Counts) {
        self.entry(shape).1.add_many(counts);
    }

    /// Records that further Pods made a request.
    pub(crate) fn has_more_pods(&mut self, shape: &Shape<'_>) {
        self.entry(shape).1.overflow_pods();
    }

    /// Records that a Pod made a request, without counting it.
    pub(crate) fn add_pod(&mut self, shape: &Shape<'_>, pod: &str) {
        let (limits, entry) = self.entry(shape);
        entry.add_pod(pod, limits);
    }

    fn entry(&mut self, shape: &Shape<'_>) -> (Limits, &mut Entry) {
        key::write(shape, &mut self.key);
        let key = self.key.as_str();
        let hash = FxBuildHasher.hash_one(key);
        let is_same = |known: &Keyed| known.hash == hash && *known.key == *key;
        let new = || Keyed { hash, key: key.into(), entry: Entry::default() };
        let keyed = self.entries.entry(hash, is_same, |known| known.hash).or_insert_with(new);
        (self.limits, &mut keyed.into_mut().entry)
    }

    /// Adds the requests of other logs.
    pub fn merge(&mut self, other: Self) {
        self.coverage.merge(&other.coverage);
        let limits = self.limits;
        if self.entries.is_empty() {
            self.entries = other.entries;
            return;
        }
        for other in other.entries {
            let is_same = |known: &Keyed| known.hash == other.hash && known.key == other.key;
            match self.entries.entry(other.hash, is_same, |known| known.hash) {
                hash_table::Entry::Occupied(mut own) => {
                    own.get_mut().entry.merge(other.entry, limits);
                }
                hash_table::Entry::Vacant(place) => {
                    place.insert(other);
                }
            }
        }
    }

    /// Returns the requests one after the other, sorted.
    pub fn uses(&self) -> impl Iterator<Item = Used> + use<'_> {
        let mut sorted: Vec<&Keyed> = self.entries.iter().collect();
        sorted.sort_unstable_by_key(|keyed| &*keyed.key);
        sorted.into_iter().filter_map(|keyed| Some(keyed.entry.used(key::read(&keyed.key)?)))
    }

    /// Returns the users.
    pub fn users(&self) -> BTreeSet<&str> {
        self.entries.iter().filter_map(|keyed| key::user_of(&keyed.key)).collect()
    }
}

impl Entry {
    fn add_name(&mut self, name: &str, counts: &Counts, limits: Limits) {
        if name.is_empty() {
            self.unnamed.get_or_insert_with(|| Box::new(Counts::NONE)).add(counts);
        } else if let Some(many) = &mut self.many {
            many.add(counts);
        } else if let Some((_, known)) = self.names.iter_mut().find(|(known, _)| **known == *name) {
            known.add(counts);
        } else if self.names.len() < limits.names {
            push_small(&mut self.names, (name.into(), *counts));
        } else {
            self.add_many(counts);
        }
    }

    fn add_many(&mut self, counts: &Counts) {
        let many = self.many.get_or_insert_with(|| Box::new(Counts::NONE));
        many.add(counts);
        for (_, known) in std::mem::take(&mut self.names) {
            many.add(&known);
        }
    }

    fn add_pod(&mut self, pod: &str, limits: Limits) {
        if self.has_more_pods || self.pods.iter().any(|known| **known == *pod) {
            return;
        }
        if self.pods.len() < limits.pods {
            push_small(&mut self.pods, pod.into());
        } else {
            self.overflow_pods();
        }
    }

    /// Forgets the Pods: which ones are kept must not depend on the order.
    fn overflow_pods(&mut self) {
        self.has_more_pods = true;
        self.pods = Vec::new();
    }

    fn merge(&mut self, other: Self, limits: Limits) {
        if let Some(unnamed) = &other.unnamed {
            self.add_name("", unnamed, limits);
        }
        if let Some(many) = &other.many {
            self.add_many(many);
        }
        for (name, counts) in &other.names {
            self.add_name(name, counts, limits);
        }
        if other.has_more_pods {
            self.overflow_pods();
        }
        for pod in &other.pods {
            self.add_pod(pod, limits);
        }
    }

    fn used(&self, kind: Kind) -> Used {
        let unnamed = self.unnamed.as_deref().map(|counts| (Text::default(), *counts));
        let named = self.names.iter().map(|(name, counts)| (Text::from(&**name), *counts));
        let mut names: Vec<(Text, Counts)> = unnamed.into_iter().chain(named).collect();
        names.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let mut pods: Vec<Text> = self.pods.iter().map(|pod| Text::from(&**pod)).collect();
        pods.sort_unstable();
        Used {
            kind,
            names,
            many: self.many.as_deref().copied(),
            pods,
            has_more_pods: self.has_more_pods,
        }
    }
}

/// Adds an item to a list that usually keeps one.
fn push_small<T>(list: &mut Vec<T>, item: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(item);
}

impl Used {
    /// Returns the counts of all names together.
    pub fn counts(&self) -> Counts {
        let mut all = self.many.unwrap_or(Counts::NONE);
        self.names.iter().for_each(|(_, counts)| all.add(counts));
        all
    }
}
