//! Objects of other kube-rs programs.

use std::error::Error;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use rolecall_rbac::{Inventory, InventoryBuilder};
use rolecall_source::add_object;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn read<T: DeserializeOwned + Serialize>(object: Value) -> Result<Inventory> {
    let object: T = serde_json::from_value(object)?;
    let mut builder = InventoryBuilder::new();
    add_object(&mut builder, &object)?;
    Ok(builder.build())
}

fn accounts(inventory: &Inventory) -> Vec<(&str, &str, &str)> {
    let specs = |at: usize| inventory.workloads().get(at).map_or(&[][..], |found| &found.pods);
    let workloads = inventory.workloads().iter().enumerate();
    let pairs = workloads.flat_map(|(at, workload)| {
        specs(at).iter().map(move |spec| {
            (&*workload.kind, &*workload.metadata.name, spec.service_account_name())
        })
    });
    pairs.collect()
}

#[test]
fn pods_and_deployments_of_a_reflector_become_workloads() -> Result<()> {
    let pods = read::<Pod>(json!({
        "metadata": {"name": "web-1", "namespace": "shop", "uid": "1"},
        "spec": {"serviceAccountName": "web", "containers": [{"name": "web"}]},
    }))?;
    assert_eq!(accounts(&pods), [("Pod", "web-1", "web")]);

    let deployments = read::<Deployment>(json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {
            "selector": {},
            "template": {"spec": {"serviceAccountName": "web", "containers": []}},
        },
    }))?;
    assert_eq!(accounts(&deployments), [("Deployment", "web", "web")]);
    Ok(())
}

#[test]
fn objects_without_an_effect_on_access_are_ignored() -> Result<()> {
    let map = json!({"metadata": {"name": "settings", "namespace": "shop"}});
    let inventory = read::<ConfigMap>(map)?;
    assert!(inventory.workloads().is_empty() && inventory.gaps().is_empty());
    Ok(())
}

#[test]
fn an_object_that_cannot_be_read_becomes_a_gap() {
    let mut builder = InventoryBuilder::new();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reader", "namespace": "shop"},
        "rules": "none",
    });
    let problem = add_object(&mut builder, &role).expect_err("rules must be a list");
    assert!(problem.message.contains("rules"), "{problem:?}");
    assert_eq!(builder.build().gaps().len(), 1);
}
