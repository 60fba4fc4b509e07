//! The documented differences between embedded releases.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Role;
use rolecall_source::facts::{Version, catalog, default_objects};
use rolecall_source::manifests::{Defaults, LoadConfig, Selection, load};

const DOCUMENT: &str = include_str!("../../../docs/kubernetes-versions.md");

fn roles(version: Version) -> BTreeMap<String, Role> {
    let config = LoadConfig {
        paths: vec!["-".into()],
        default_namespace: "default".to_owned(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let loaded = load(&config, default_objects(version).as_bytes());
    let roles = loaded.inventory.roles().iter();
    roles.map(|role| (role.metadata.name.to_string(), role.clone())).collect()
}

fn resources(version: Version) -> BTreeSet<String> {
    let catalog = catalog(version);
    let names = catalog.resources().iter().map(|served| served.resource.to_string());
    names.collect()
}

/// Returns the names in the first column of the tables.
fn documented() -> BTreeSet<String> {
    let rows = DOCUMENT.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_differences_of_v1_37_are_documented() {
    let (before, after) = (roles(Version::V1_36), roles(Version::V1_37));
    assert!(before.keys().all(|name| after.contains_key(name)));
    let is_changed = |name: &&String| {
        before.get(*name).map(|role| &role.rules) != after.get(*name).map(|role| &role.rules)
    };
    let mut changed: BTreeSet<String> = after.keys().filter(is_changed).cloned().collect();
    let served = resources(Version::V1_36);
    changed.extend(resources(Version::V1_37).into_iter().filter(|name| !served.contains(name)));
    assert_eq!(documented(), changed);
}
