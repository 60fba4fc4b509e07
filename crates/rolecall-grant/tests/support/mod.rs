//! Compact notation for small clusters and denials.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each test binary uses a part, and fails by panicking"
)]

use rolecall_grant::{Config, Denied, Object, Plan, plan, yaml_of};
use rolecall_rbac::{Authorizer, Identity, Request, ResourceRequest};
use serde_json::{Value, json};

pub use rolecall_testing::api::authorizer;

/// Parses `verb resource[.group][/subresource] [in NAMESPACE] [name NAME]` or `verb /path`.
pub fn request(text: &str) -> Request {
    let mut words = text.split(' ');
    let (verb, what) = (words.next().unwrap(), words.next().unwrap());
    if what.starts_with('/') {
        return Request::path(verb, what);
    }
    let (head, subresource) = what.split_once('/').unwrap_or((what, ""));
    let (resource, group) = head.split_once('.').unwrap_or((head, ""));
    let rest: Vec<&str> = words.collect();
    let after = |word: &str| {
        rest.iter().position(|found| *found == word).map_or("", |position| rest[position + 1])
    };
    Request::resource(
        verb,
        ResourceRequest {
            namespace: after("in").into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: after("name").into(),
        },
    )
}

pub fn api() -> Identity {
    Identity::service_account("shop", "api")
}

pub fn denied(identity: &Identity, requests: &[&str]) -> Vec<Denied> {
    requests.iter().map(|text| Denied::new(identity.clone(), request(text))).collect()
}

pub fn fix(before: &Authorizer, requests: &[&str], config: &Config) -> Plan {
    plan(before, &denied(&api(), requests), config)
}

pub fn fixed(objects: &[Value], requests: &[&str]) -> String {
    yaml_of(&fix(&authorizer(objects), requests, &Config::default()).objects)
}

pub fn role(namespace: &str, name: &str, rules: Value) -> Value {
    let kind = if namespace.is_empty() { "ClusterRole" } else { "Role" };
    json!({"kind": kind, "metadata": {"namespace": namespace, "name": name}, "rules": rules})
}

pub fn binding(namespace: &str, name: &str, role: (&str, &str), subjects: &[&str]) -> Value {
    let kind = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
    let subjects: Vec<Value> = subjects
        .iter()
        .map(|name| json!({"kind": "ServiceAccount", "namespace": "shop", "name": name}))
        .collect();
    json!({
        "kind": kind,
        "metadata": {"namespace": namespace, "name": name},
        "roleRef": {"kind": role.0, "name": role.1},
        "subjects": subjects,
    })
}

pub fn ours(mut object: Value) -> Value {
    object["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "rolecall"});
    object
}

pub fn names(plan: &Plan) -> Vec<String> {
    let name = |object: &Object| {
        let metadata = object.metadata();
        format!("{} {}/{}", object.kind(), metadata.namespace, metadata.name)
    };
    plan.objects.iter().map(name).collect()
}

pub const PODS: &str = r#"[{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]"#;

pub fn pods() -> Value {
    serde_json::from_str(PODS).unwrap()
}
