//! Clusters and reviews from the JSON of the API.

use rolecall_rbac::{
    AggregationRule, Authorizer, Binding, Identity, InventoryBuilder, LabelOperator,
    LabelRequirement, LabelSelector, Labels, Metadata, Namespace, PolicyRule, Request,
    ResourceRequest, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Text, Texts,
};
use serde_json::Value;

/// Reads a string; empty for any other value.
pub fn text(value: &Value) -> Text {
    value.as_str().unwrap_or_default().into()
}

/// Reads a list of strings.
pub fn texts(value: &Value) -> Texts {
    value.as_array().into_iter().flatten().map(text).collect()
}

/// Reads a rule.
pub fn rule(value: &Value) -> PolicyRule {
    PolicyRule {
        verbs: texts(&value["verbs"]),
        api_groups: texts(&value["apiGroups"]),
        resources: texts(&value["resources"]),
        resource_names: texts(&value["resourceNames"]),
        non_resource_urls: texts(&value["nonResourceURLs"]),
    }
}

/// Reads a list of rules.
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

/// Reads a subject of a binding.
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

/// Reads a Role or ClusterRole.
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

/// Reads a RoleBinding or ClusterRoleBinding.
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

/// Adds an object to an inventory.
pub fn add(builder: &mut InventoryBuilder, object: &Value) {
    match object["kind"].as_str().unwrap() {
        "Role" | "ClusterRole" => builder.role(role(object)),
        "RoleBinding" | "ClusterRoleBinding" => builder.binding(binding(object)),
        "ServiceAccount" => builder.service_account(ServiceAccount {
            metadata: metadata(object),
            automount_token: None,
            secrets: Default::default(),
        }),
        "Namespace" => builder.namespace(Namespace { metadata: metadata(object) }),
        other => panic!("no such kind here: {other}"),
    }
}

/// Adds objects to a new inventory.
pub fn builder(objects: &[Value]) -> InventoryBuilder {
    let mut builder = InventoryBuilder::new();
    for object in objects {
        add(&mut builder, object);
    }
    builder
}

/// Builds the evaluator of some objects.
pub fn authorizer(objects: &[Value]) -> Authorizer {
    Authorizer::new(builder(objects).build())
}

/// Reads the identity of the spec of a SubjectAccessReview, with exactly its groups.
pub fn identity(spec: &Value) -> Identity {
    Identity {
        user: text(&spec["user"]),
        groups: texts(&spec["groups"]).to_vec(),
        ..Identity::default()
    }
}

/// Reads the request of the spec of a SubjectAccessReview.
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
