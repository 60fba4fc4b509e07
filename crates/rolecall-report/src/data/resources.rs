//! The served resources, and the words that name them.

use std::collections::BTreeSet;

use rolecall_rbac::Catalog;
use serde::Serialize;

use super::Tables;

/// The resources as columns.
#[derive(Debug, Default, Serialize)]
pub(super) struct Resources {
    group: Vec<u32>,
    name: Vec<u32>,
    kind: Vec<u32>,
    namespaced: Vec<u32>,
    /// Lower-case plurals, singulars, kinds and short names, with the position of the resource that
    /// commands take them for.
    words: Vec<(u32, u32)>,
}

impl Resources {
    pub(super) fn new(catalog: &Catalog, tables: &mut Tables) -> Self {
        let mut resources = Self::default();
        let mut words = BTreeSet::new();
        for served in catalog.resources() {
            resources.group.push(tables.texts.add(&served.group));
            resources.name.push(tables.texts.add(&served.resource));
            resources.kind.push(tables.texts.add(&served.kind));
            resources.namespaced.push(u32::from(served.namespaced));
            let names = [&served.resource, &served.singular, &served.kind];
            let names = names.into_iter().chain(&served.short_names);
            words.extend(names.map(|name| name.to_lowercase()));
        }
        for word in words {
            let meant = catalog.resolve(&word).ok().and_then(|resolved| resolved.served);
            let position = meant.and_then(|meant| {
                let key = (&meant.group, &meant.resource);
                let all = catalog.resources();
                all.binary_search_by(|other| (&other.group, &other.resource).cmp(&key)).ok()
            });
            if let Some(position) = position {
                resources.words.push((tables.texts.add(&word), position as u32));
            }
        }
        resources
    }
}
