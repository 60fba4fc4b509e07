//! Validation against what real API servers accepted and refused.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use std::path::Path;

use rolecall_check::{KubernetesVersion, Violation, validate_binding, validate_role};
use rolecall_source::manifests::Defaults;
use rolecall_testing::golden;
use serde_json::Value;

/// Returns what a server of a universe's version would say to some manifests.
fn violations(manifests: &str, universe: &Path) -> Vec<(String, String)> {
    let version: KubernetesVersion =
        universe.parent().unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap();
    let inventory = support::read(manifests, Defaults::None).inventory;
    let of_roles = inventory.roles().iter().flat_map(|role| validate_role(role, version));
    let of_bindings =
        inventory.bindings().iter().flat_map(|binding| validate_binding(binding, version));
    of_roles
        .chain(of_bindings)
        .map(|Violation { field, message }| (field.to_string(), message))
        .collect()
}

#[test]
fn every_refused_object_is_found_with_the_servers_field_and_words() {
    let mut refused = 0;
    for universe in golden::universes() {
        for line in golden::gunzip(&universe.join("rejected.jsonl.gz")).lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            let status = &row["status"];
            let mut object = row["object"].clone();
            object["apiVersion"] = "rbac.authorization.k8s.io/v1".into();
            object["kind"] = status["details"]["kind"].clone();
            let expected: Vec<(String, String)> = status["details"]["causes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|cause| {
                    let text = |key: &str| cause[key].as_str().unwrap().to_owned();
                    (text("field"), text("message"))
                })
                .collect();
            assert_eq!(violations(&object.to_string(), &universe), expected, "{line}");
            refused += 1;
        }
    }
    assert_eq!(refused, 9);
}

#[test]
fn no_accepted_object_is_refused() {
    for universe in golden::universes() {
        let cluster = golden::gunzip(&universe.join("cluster.json.gz"));
        assert_eq!(violations(&cluster, &universe), [], "{}", universe.display());
    }
}
