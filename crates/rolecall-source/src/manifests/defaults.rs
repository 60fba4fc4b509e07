//! The default roles and bindings of releases.

use std::collections::HashSet;
use std::sync::OnceLock;

use rolecall_rbac::{Inventory, InventoryBuilder};
use rolecall_yaml::json;
use rustc_hash::FxBuildHasher;

use crate::decode::{Decoder, Place};
use crate::facts::{self, Version};

/// Returns the default roles and bindings of all embedded releases, with their aggregated rules.
///
/// An object that several releases have in the same form is in one of the inventories.
pub fn default_objects_of_releases() -> Vec<Inventory> {
    let newest_first = Version::ALL.into_iter().rev();
    let mut known: HashSet<&str, FxBuildHasher> = HashSet::default();
    let texts = newest_first.map(|version| {
        // The files have one object per line.
        let objects = facts::default_objects(version).lines().skip(1);
        let objects = objects.map(|line| line.trim_end_matches(','));
        let new: Vec<&str> =
            objects.filter(|line| line.starts_with('{') && known.insert(line)).collect();
        format!("{LIST}{}]}}", new.join(","))
    });
    texts.map(|text| read(text.into_bytes()).build()).collect()
}

/// The beginning of a list of objects.
const LIST: &str = r#"{"apiVersion":"v1","kind":"List","items":["#;

/// Returns the default objects like [`default_objects`], which reads them each time.
pub(super) fn shared_default_objects(version: Version) -> InventoryBuilder {
    static ASSUMED: OnceLock<Inventory> = OnceLock::new();
    if version != Version::default() {
        return default_objects(version);
    }
    ASSUMED.get_or_init(|| default_objects(version).build()).clone().into_builder()
}

/// Returns the roles and bindings that a server of a release creates when it starts.
pub(super) fn default_objects(version: Version) -> InventoryBuilder {
    read(facts::default_objects(version).as_bytes().to_vec())
}

fn read(text: Vec<u8>) -> InventoryBuilder {
    let mut decoder = Decoder::new(&Place::Default, "default");
    match json::read(&mut std::io::empty(), text, &mut decoder) {
        Ok(()) => decoder.batch.builder,
        // Unreachable: the embedded objects are valid.
        Err(_) => InventoryBuilder::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_releases_together_have_every_default_object() {
        let roles = |inventory: &Inventory| -> Vec<String> {
            inventory.roles().iter().map(|role| format!("{role:?}")).collect()
        };
        let bindings = |inventory: &Inventory| -> Vec<String> {
            inventory.bindings().iter().map(|binding| format!("{binding:?}")).collect()
        };
        let all = |inventories: &[Inventory]| -> BTreeSet<String> {
            inventories.iter().flat_map(|one| [roles(one), bindings(one)].concat()).collect()
        };
        let each: Vec<Inventory> =
            Version::ALL.into_iter().map(|version| default_objects(version).build()).collect();
        let shared = default_objects_of_releases();
        assert_eq!(all(&shared), all(&each));
        let count = |inventories: &[Inventory]| -> usize {
            inventories.iter().map(|one| one.roles().len() + one.bindings().len()).sum()
        };
        assert!(count(&shared) < count(&each) / 2 + 100, "{} {}", count(&shared), count(&each));
    }
}
