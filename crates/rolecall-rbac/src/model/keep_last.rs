//! Sorts the objects of an inventory and keeps one per name.

use super::{Binding, Metadata, Namespace, Origin, Replaced, Role, ServiceAccount, Workload};
use crate::Text;

/// Sorts by namespace, kind, name and group, and keeps only the last object for each combination.
/// Returns the dropped objects; a default object that the input replaces does not count.
pub(super) fn keep_last<T: Keyed>(objects: &mut Vec<T>) -> Vec<Replaced> {
    let mut replaced = Vec::new();
    // Servers list objects in order.
    if objects.is_sorted_by(|one, next| one.key() < next.key()) {
        return replaced;
    }
    objects.sort_by(|one, other| one.key().cmp(&other.key()));
    for equal in objects.chunk_by(|one, next| one.key() == next.key()) {
        if let [earlier @ .., winner] = equal {
            replaced.extend(earlier.iter().filter_map(|object| replacement(object, winner)));
        }
    }
    objects.dedup_by(|later, kept| {
        let is_same = later.key() == kept.key();
        if is_same {
            std::mem::swap(later, kept);
        }
        is_same
    });
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
            secrets: crate::Texts::default(),
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
