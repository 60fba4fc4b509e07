//! Builds clusters for tests from the API's JSON.

#![allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]

use std::io::Read as _;
use std::path::{Path, PathBuf};

use rolecall_rbac::{
    AggregationRule, Authorizer, Binding, Identity, InventoryBuilder, LabelOperator,
    LabelRequirement, LabelSelector, Labels, Metadata, Namespace, PolicyRule, Request,
    ResourceRequest, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Text, Texts,
};
use serde_json::Value;

pub fn text(value: &Value) -> Text {
    value.as_str().unwrap_or_default().into()
}

pub fn texts(value: &Value) -> Texts {
    value.as_array().into_iter().flatten().map(text).collect()
}

pub fn rule(value: &Value) -> PolicyRule {
    PolicyRule {
        verbs: texts(&value["verbs"]),
        api_groups: texts(&value["apiGroups"]),
        resources: texts(&value["resources"]),
        resource_names: texts(&value["resourceNames"]),
        non_resource_urls: texts(&value["nonResourceURLs"]),
    }
}

pub fn rules(value: &Value) -> Vec<PolicyRule> {
    value.as_array().into_iter().flatten().map(rule).collect()
}

fn labels(value: &Value) -> Labels {
    value.as_object().into_iter().flatten().map(|(k, v)| (k.as_str().into(), text(v))).collect()
}

fn metadata(object: &Value) -> Metadata {
    let value = &object["metadata"];
    Metadata {
        labels: labels(&value["labels"]),
        stored: value["uid"].is_string(),
        ..Metadata::new(text(&value["namespace"]), text(&value["name"]))
    }
}

fn selector(value: &Value) -> LabelSelector {
    let requirement = |value: &Value| LabelRequirement {
        key: text(&value["key"]),
        operator: match value["operator"].as_str().unwrap() {
            "In" => LabelOperator::In,
            "NotIn" => LabelOperator::NotIn,
            "Exists" => LabelOperator::Exists,
            "DoesNotExist" => LabelOperator::DoesNotExist,
            other => LabelOperator::Unknown(other.into()),
        },
        values: texts(&value["values"]),
    };
    LabelSelector {
        match_labels: labels(&value["matchLabels"]),
        match_expressions: value["matchExpressions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(requirement)
            .collect(),
    }
}

pub fn subject(value: &Value) -> Subject {
    Subject {
        kind: match value["kind"].as_str().unwrap_or_default() {
            "User" => SubjectKind::User,
            "Group" => SubjectKind::Group,
            "ServiceAccount" => SubjectKind::ServiceAccount,
            other => SubjectKind::Other(other.into()),
        },
        name: text(&value["name"]),
        namespace: text(&value["namespace"]),
        api_group: text(&value["apiGroup"]),
    }
}

pub fn role(object: &Value) -> Role {
    Role {
        metadata: metadata(object),
        rules: rules(&object["rules"]).into(),
        aggregation: object.get("aggregationRule").map(|rule| AggregationRule {
            selectors: rule["clusterRoleSelectors"]
                .as_array()
                .into_iter()
                .flatten()
                .map(selector)
                .collect(),
        }),
    }
}

pub fn binding(object: &Value) -> Binding {
    Binding {
        metadata: metadata(object),
        role_ref: RoleRef {
            api_group: text(&object["roleRef"]["apiGroup"]),
            kind: match object["roleRef"]["kind"].as_str().unwrap_or_default() {
                "Role" => RoleKind::Role,
                "ClusterRole" => RoleKind::ClusterRole,
                other => RoleKind::Other(other.into()),
            },
            name: text(&object["roleRef"]["name"]),
        },
        subjects: object["subjects"].as_array().into_iter().flatten().map(subject).collect(),
    }
}

pub fn add(builder: &mut InventoryBuilder, object: &Value) {
    match object["kind"].as_str().unwrap() {
        "Role" | "ClusterRole" => builder.role(role(object)),
        "RoleBinding" | "ClusterRoleBinding" => builder.binding(binding(object)),
        "ServiceAccount" => builder
            .service_account(ServiceAccount { metadata: metadata(object), automount_token: None }),
        "Namespace" => builder.namespace(Namespace { metadata: metadata(object) }),
        other => panic!("no such kind here: {other}"),
    }
}

pub fn builder(objects: &[Value]) -> InventoryBuilder {
    let mut builder = InventoryBuilder::new();
    for object in objects {
        add(&mut builder, object);
    }
    builder
}

pub fn authorizer(objects: &[Value]) -> Authorizer {
    Authorizer::new(builder(objects).build())
}

/// The identity of a SubjectAccessReview's spec, groups verbatim.
pub fn identity(spec: &Value) -> Identity {
    Identity {
        user: text(&spec["user"]),
        groups: texts(&spec["groups"]).to_vec(),
        ..Identity::default()
    }
}

/// The request of a SubjectAccessReview's spec.
pub fn request(spec: &Value) -> Request {
    match spec.get("nonResourceAttributes") {
        Some(attributes) => Request::path(text(&attributes["verb"]), text(&attributes["path"])),
        None => {
            let attributes = &spec["resourceAttributes"];
            Request::resource(
                text(&attributes["verb"]),
                ResourceRequest {
                    namespace: text(&attributes["namespace"]),
                    group: text(&attributes["group"]),
                    resource: text(&attributes["resource"]),
                    subresource: text(&attributes["subresource"]),
                    name: text(&attributes["name"]),
                },
            )
        }
    }
}

/// The golden universes, one directory each.
pub fn universes() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/golden");
    let mut found: Vec<PathBuf> = ["v1.20", "v1.36"]
        .iter()
        .flat_map(|version| std::fs::read_dir(root.join(version)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// The objects of a universe.
pub fn objects(universe: &Path) -> Vec<Value> {
    let list: Value = serde_json::from_str(&gunzip(&universe.join("cluster.json.gz"))).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// The lines of a universe's JSON Lines file.
pub fn lines(universe: &Path, file: &str) -> Vec<Value> {
    gunzip(&universe.join(file)).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn gunzip(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}
