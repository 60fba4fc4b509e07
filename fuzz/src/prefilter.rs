use std::collections::BTreeMap;

use rolecall_rbac::Inventory;
use rolecall_source::manifests::{Defaults, LoadConfig, Selection, load};
use rolecall_yaml::split;

/// Loads a manifest, then the same documents with another first key, with which the prefilter must
/// parse every document. Both contain the same objects, unless that key makes a document invalid.
pub fn prefilter(data: &[u8]) {
    // In flow style and JSON, another line changes the document.
    if rolecall_yaml::json::looks_like(data) || data.starts_with(b"\x1F\x8B") {
        return;
    }
    let mut in_doubt = Vec::new();
    for chunk in split(data) {
        in_doubt.extend_from_slice(b"---\n\"\": {}\n");
        in_doubt.extend_from_slice(chunk.bytes);
        if !chunk.bytes.ends_with(b"\n") {
            in_doubt.push(b'\n');
        }
    }
    let filtered = objects(data);
    for (object, count) in objects(&in_doubt) {
        let found = filtered.get(&object).copied().unwrap_or_default();
        let text = String::from_utf8_lossy(data);
        assert!(found >= count, "the prefilter skips {object} in {text:?}");
    }
}

/// Counts the objects of a text.
fn objects(text: &[u8]) -> BTreeMap<String, usize> {
    let config = LoadConfig {
        paths: vec!["-".into()],
        default_namespace: "default".to_owned(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let mut objects = BTreeMap::new();
    for object in described(&load(&config, text).inventory) {
        *objects.entry(object).or_default() += 1;
    }
    objects
}

fn described(inventory: &Inventory) -> Vec<String> {
    let roles = inventory.roles().iter().map(|role| {
        format!(
            "{} {}/{} {:?}",
            role.kind(),
            role.metadata.namespace,
            role.metadata.name,
            role.rules
        )
    });
    let bindings = inventory.bindings().iter().map(|binding| {
        let (metadata, role) = (&binding.metadata, &binding.role_ref);
        format!("binding {}/{} {role:?} {:?}", metadata.namespace, metadata.name, binding.subjects)
    });
    let accounts = inventory.service_accounts().iter().map(|account| {
        format!("ServiceAccount {}/{}", account.metadata.namespace, account.metadata.name)
    });
    let workloads = inventory.workloads().iter().map(|workload| {
        format!("{} {}/{}", workload.kind, workload.metadata.namespace, workload.metadata.name)
    });
    roles.chain(bindings).chain(accounts).chain(workloads).collect()
}
