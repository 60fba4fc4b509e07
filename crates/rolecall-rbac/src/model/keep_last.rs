//! Sorts the objects of an inventory and keeps one per name.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{Binding, Metadata, Namespace, Origin, Replaced, Role, ServiceAccount, Workload};
use crate::Text;

/// Sorts by namespace, kind, name and group, and keeps only the last object for each combination.
/// Returns the dropped objects; a default object that the input replaces does not count.
pub(super) fn keep_last<T: Keyed>(objects: &mut Vec<T>) -> Vec<Replaced> {
    let mut keys = keys(objects);
    let full = |key: &Key| objects.get(key.position as usize).map(Keyed::key);
    let same_start = |one: &Key, other: &Key| (one.rank, one.start) == (other.rank, other.start);
    keys.sort_by(|one, other| {
        (one.rank, one.start)
            .cmp(&(other.rank, other.start))
            .then_with(|| full(one).cmp(&full(other)))
            .then(one.position.cmp(&other.position))
    });
    let mut replaced = Vec::new();
    let mut dropped = Vec::new();
    for equal in keys.chunk_by(|one, other| same_start(one, other) && full(one) == full(other)) {
        let Some((last, earlier)) = equal.split_last().filter(|(_, rest)| !rest.is_empty()) else {
            continue;
        };
        let Some(winner) = objects.get(last.position as usize) else { continue };
        for key in earlier {
            dropped.push(key.position);
            replaced.extend(
                objects.get(key.position as usize).and_then(|object| replacement(object, winner)),
            );
        }
    }
    if !dropped.is_empty() {
        dropped.sort_unstable();
        keys.retain(|key| dropped.binary_search(&key.position).is_err());
        keys.extend(dropped.iter().map(|position| Key { rank: 0, start: 0, position: *position }));
    }
    let kept = keys.len() - dropped.len();
    arrange(objects, keys.into_iter().map(|key| key.position).collect());
    objects.truncate(kept);
    replaced
}

/// An object that an inventory finds by name.
pub(super) trait Keyed {
    /// Returns the kind.
    fn kind(&self) -> Text;

    /// Returns the kind and API group, for collections with objects of several kinds.
    fn kind_and_group(&self) -> (&str, &str) {
        ("", "")
    }

    /// Returns the metadata.
    fn metadata(&self) -> &Metadata;

    /// Returns the parts of the object's identity, in sort order.
    fn key(&self) -> (&str, &str, &str, &str) {
        let ((kind, group), metadata) = (self.kind_and_group(), self.metadata());
        (&metadata.namespace, kind, &metadata.name, group)
    }
}

/// An object's position in the order, in most cases comparable without access to the object.
#[derive(Clone, Copy)]
struct Key {
    /// The rank of its namespace and kind.
    rank: u32,
    /// The position before sorting.
    position: u32,
    /// The first bytes of its name.
    start: u128,
}

/// Returns namespace and kind.
fn place<T: Keyed>(object: &T) -> (&str, &str) {
    let (namespace, kind, ..) = object.key();
    (namespace, kind)
}

fn keys<T: Keyed>(objects: &[T]) -> Vec<Key> {
    let mut ranks: HashMap<(&str, &str), u32, FxBuildHasher> = HashMap::default();
    for objects in objects.chunk_by(|one, other| place(one) == place(other)) {
        ranks.extend(objects.first().map(|object| (place(object), 0)));
    }
    let mut places: Vec<_> = ranks.keys().copied().collect();
    places.sort_unstable();
    ranks.extend(places.into_iter().zip(0..));
    let mut last = None;
    objects
        .iter()
        .zip(0..)
        .map(|(object, position)| {
            let place = place(object);
            let rank = match last {
                Some((known, rank)) if known == place => rank,
                _ => ranks.get(&place).copied().unwrap_or_default(),
            };
            last = Some((place, rank));
            Key { rank, position, start: start(object.key().2) }
        })
        .collect()
}

/// Returns the first bytes of a name, which sort like the name.
fn start(name: &str) -> u128 {
    name.bytes()
        .chain(std::iter::repeat(0))
        .take(size_of::<u128>())
        .fold(0, |start, byte| (start << 8) | u128::from(byte))
}

fn replacement<T: Keyed>(object: &T, winner: &T) -> Option<Replaced> {
    let (kind, metadata) = (object.kind(), object.metadata());
    (metadata.origin != Origin::Default).then(|| Replaced {
        kind,
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
        earlier: metadata.origin.clone(),
        later: winner.metadata().origin.clone(),
    })
}

/// Moves the object at `order[i]` to `i`, for all objects, in place.
fn arrange<T>(objects: &mut [T], mut order: Vec<u32>) {
    for start in 0..order.len() {
        let mut at = start;
        while let Some(from) = order.get_mut(at) {
            let next = std::mem::replace(from, u32::try_from(at).unwrap_or(u32::MAX)) as usize;
            if next == start || next == at || next >= objects.len() {
                break;
            }
            objects.swap(at, next);
            at = next;
        }
    }
}

impl Keyed for Role {
    fn kind(&self) -> Text {
        Self::kind(self).into()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl Keyed for Binding {
    fn kind(&self) -> Text {
        Self::kind(self).into()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl Keyed for ServiceAccount {
    fn kind(&self) -> Text {
        "ServiceAccount".into()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl Keyed for Namespace {
    fn kind(&self) -> Text {
        "Namespace".into()
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

impl Keyed for Workload {
    fn kind(&self) -> Text {
        self.kind.clone()
    }

    fn kind_and_group(&self) -> (&str, &str) {
        (&self.kind, &self.api_group)
    }

    fn metadata(&self) -> &Metadata {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account(namespace: &str, name: &str, line: u32) -> ServiceAccount {
        let origin = Origin::File { path: "a.yaml".into(), line };
        ServiceAccount {
            metadata: Metadata { origin, ..Metadata::new(namespace, name) },
            automount_token: None,
        }
    }

    proptest! {
        #[test]
        fn the_last_of_each_name_is_kept_in_order(
            names in prop::collection::vec(("[ab]{0,2}", "(prefix-of-more-than-16)?[a-c]{0,2}"), 0..60),
        ) {
            let mut accounts: Vec<_> = names
                .iter()
                .zip(1..)
                .map(|((namespace, name), line)| account(namespace, name, line))
                .collect();
            let expected: std::collections::BTreeMap<_, _> = accounts
                .iter()
                .map(|it| ((it.metadata.namespace.clone(), it.metadata.name.clone()), it.clone()))
                .collect();
            let replaced = keep_last(&mut accounts);
            prop_assert_eq!(replaced.len() + accounts.len(), names.len());
            prop_assert_eq!(accounts, expected.into_values().collect::<Vec<_>>());
        }
    }
}
