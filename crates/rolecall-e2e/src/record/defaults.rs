//! The default roles and bindings of a server.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Source, lines};
use rolecall_task::failure::{Failure, Result};

/// The resources in the order of the recorded kinds.
const RESOURCES: [(&str, &str); 4] = [
    ("ClusterRole", "clusterroles"),
    ("ClusterRoleBinding", "clusterrolebindings"),
    ("Role", "roles"),
    ("RoleBinding", "rolebindings"),
];

/// The label of the objects that a server creates.
const SELECTOR: &str = "labelSelector=kubernetes.io/bootstrapping%3Drbac-defaults";

/// The metadata that does not depend on when and where an object was created.
const KEPT: [&str; 4] = ["annotations", "labels", "name", "namespace"];

/// The time until the controller has aggregated the rules.
const AGGREGATION: Duration = Duration::from_secs(60);

/// Returns the objects as a JSON `List` with one line for each, sorted by kind, namespace and name.
pub(super) fn recorded(source: &Source<'_>) -> Result<String> {
    let started = Instant::now();
    let objects = loop {
        let objects = read(source)?;
        match objects.iter().find(|object| is_unfinished(object)) {
            None => break objects,
            Some(object) if started.elapsed() > AGGREGATION => {
                let name = object.pointer("/metadata/name").and_then(Value::as_str);
                return Err(Failure::new(format!(
                    "the rules of ClusterRole {} are not aggregated",
                    name.unwrap_or_default()
                ))
                .remedy("start kube-controller-manager"));
            }
            Some(_) => thread::sleep(Duration::from_millis(500)),
        }
    };
    let head = r#"{"apiVersion":"v1","kind":"List","items":["#;
    Ok(format!("{head}\n{}\n]}}\n", lines(&objects)))
}

fn read(source: &Source<'_>) -> Result<Vec<Value>> {
    let mut objects = Vec::new();
    for (kind, resource) in RESOURCES {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{resource}?{SELECTOR}");
        let mut answer = source.get(&path)?;
        let items = answer.get_mut("items").map(Value::take).unwrap_or_default();
        let mut items: Vec<Value> = items.as_array().into_iter().flatten().map(stripped).collect();
        items.sort_by_cached_key(|item| {
            let text = |path| item.pointer(path).and_then(Value::as_str).unwrap_or_default();
            (text("/metadata/namespace").to_owned(), text("/metadata/name").to_owned())
        });
        objects.extend(items.into_iter().map(|mut item| {
            if let Some(fields) = item.as_object_mut() {
                fields.insert("apiVersion".to_owned(), json!("rbac.authorization.k8s.io/v1"));
                fields.insert("kind".to_owned(), json!(kind));
            }
            item.sort_all_objects();
            item
        }));
    }
    Ok(objects)
}

/// Removes the parts that differ from one server to the next.
fn stripped(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| KEPT.contains(&&**key));
    }
    object
}

/// Returns whether the controller still has to fill an aggregated role.
fn is_unfinished(object: &Value) -> bool {
    let is_empty = |rules: &Value| rules.as_array().is_none_or(Vec::is_empty);
    object.get("aggregationRule").is_some() && object.get("rules").is_none_or(is_empty)
}
