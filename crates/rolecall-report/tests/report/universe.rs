//! The inputs: random clusters with recorded answers, and the fixtures.

use std::path::PathBuf;

use rolecall_rbac::{Authorizer, Catalog};
use rolecall_source::manifests::{self, Defaults, LoadConfig, Selection};
use rolecall_testing::api::authorizer;
use rolecall_testing::golden::{objects, universes};

/// Returns each input with its name.
pub(crate) fn all() -> Vec<(String, Authorizer, Catalog)> {
    let catalog = manifests::load(&config(Vec::new()), std::io::empty()).catalog;
    let recorded = universes().into_iter().map(|universe| {
        (format!("{universe:?}"), authorizer(&objects(&universe)), catalog.clone())
    });
    let fixtures = [
        "aggregation-selects-nothing",
        "ns-1",
        "unread-document",
        "v01-implied-groups",
        "v02-user-names-serviceaccount",
        "v03-subject-without-namespace",
        "v04-mixed-subjects",
        "v07-invalid-role-refs",
        "v10-aggregated-clusterroles",
        "v15-resource-names",
        "v16-star-as-a-name",
        "v20-cluster-scoped-kinds",
        "v21-special-verbs",
        "v24-masters",
    ];
    recorded.chain(fixtures.map(fixture)).collect()
}

/// Returns a fixture.
pub(crate) fn fixture(name: &str) -> (String, Authorizer, Catalog) {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
    let loaded = manifests::load(&config(vec![root]), std::io::empty());
    (name.to_owned(), Authorizer::new(loaded.inventory), loaded.catalog)
}

fn config(paths: Vec<PathBuf>) -> LoadConfig {
    LoadConfig {
        paths,
        default_namespace: "default".to_owned(),
        defaults: Defaults::Auto,
        selection: Selection::Everything,
        exclude: Vec::new(),
    }
}
