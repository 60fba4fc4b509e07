//! From what the generator makes to an inventory, without any file format between.

#![expect(clippy::indexing_slicing, reason = "a key that a JSON value lacks reads as null")]

use rolecall_rbac::{
    Binding, Identity, Interner, Inventory, InventoryBuilder, Metadata, Namespace, PolicyRule,
    Request, ResourceRequest, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Text,
    Texts,
};
use serde_json::Value;

/// Collects objects as readers do: each distinct string and list of strings stored once.
#[derive(Default)]
pub(super) struct Reader {
    interner: Interner,
    builder: InventoryBuilder,
}

impl Reader {
    pub(super) fn add(&mut self, object: &Value) {
        let metadata = self.metadata(&object["metadata"]);
        match object["kind"].as_str() {
            Some("Role" | "ClusterRole") => {
                let rules = items(&object["rules"]).map(|rule| self.rule(rule)).collect();
                self.builder.role(Role { metadata, rules, aggregation: None });
            }
            Some("RoleBinding" | "ClusterRoleBinding") => {
                let role_ref = RoleRef {
                    api_group: self.text(&object["roleRef"]["apiGroup"]),
                    kind: match object["roleRef"]["kind"].as_str() {
                        Some("Role") => RoleKind::Role,
                        _ => RoleKind::ClusterRole,
                    },
                    name: self.text(&object["roleRef"]["name"]),
                };
                let subjects =
                    items(&object["subjects"]).map(|subject| self.subject(subject)).collect();
                self.builder.binding(Binding { metadata, role_ref, subjects });
            }
            Some("ServiceAccount") => {
                let account = ServiceAccount { metadata, automount_token: None };
                self.builder.service_account(account);
            }
            Some("Namespace") => self.builder.namespace(Namespace { metadata }),
            _ => {}
        }
    }

    pub(super) fn into_inventory(self) -> Inventory {
        self.builder.build()
    }

    fn metadata(&mut self, value: &Value) -> Metadata {
        Metadata {
            stored: true,
            ..Metadata::new(self.text(&value["namespace"]), self.text(&value["name"]))
        }
    }

    fn rule(&mut self, value: &Value) -> PolicyRule {
        PolicyRule {
            verbs: self.texts(&value["verbs"]),
            api_groups: self.texts(&value["apiGroups"]),
            resources: self.texts(&value["resources"]),
            resource_names: self.texts(&value["resourceNames"]),
            non_resource_urls: self.texts(&value["nonResourceURLs"]),
        }
    }

    fn subject(&mut self, value: &Value) -> Subject {
        Subject {
            kind: match value["kind"].as_str() {
                Some("User") => SubjectKind::User,
                Some("Group") => SubjectKind::Group,
                _ => SubjectKind::ServiceAccount,
            },
            name: self.text(&value["name"]),
            namespace: self.text(&value["namespace"]),
            api_group: self.text(&value["apiGroup"]),
        }
    }

    fn texts(&mut self, value: &Value) -> Texts {
        let texts: Vec<Text> = items(value).map(|item| self.text(item)).collect();
        self.interner.list(&texts)
    }

    fn text(&mut self, value: &Value) -> Text {
        self.interner.text(value.as_str().unwrap_or_default())
    }
}

/// Returns who a review asks for, and what.
pub(super) fn question(review: &Value) -> (Identity, Request) {
    let spec = &review["spec"];
    let attributes = &spec["resourceAttributes"];
    let text = |value: &Value| Text::from(value.as_str().unwrap_or_default());
    let identity = Identity {
        user: text(&spec["user"]),
        groups: items(&spec["groups"]).map(text).collect(),
        ..Identity::default()
    };
    let target = ResourceRequest {
        namespace: text(&attributes["namespace"]),
        group: text(&attributes["group"]),
        resource: text(&attributes["resource"]),
        subresource: text(&attributes["subresource"]),
        name: Text::default(),
    };
    (identity, Request::resource(text(&attributes["verb"]), target))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
