//! Decodes rules, subjects, roleRefs and aggregation rules as written, without validation.

use rolecall_rbac::{
    AggregationRule, LabelOperator, LabelRequirement, LabelSelector, PolicyRule, RoleKind, RoleRef,
    Subject, SubjectKind, Text,
};
use serde::de::MapAccess;

use super::fields::{Empty, Fields, ObjectSeed, fields, list};
use super::seed::{LabelsSeed, text, texts};
use super::strings::StringCache;

/// The API group that the server defaults to in roleRefs, users and groups.
pub(super) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

impl Empty for PolicyRule {
    fn empty(strings: &StringCache) -> Self {
        let none = strings.none();
        Self {
            verbs: none.clone(),
            api_groups: none.clone(),
            resources: none.clone(),
            resource_names: none.clone(),
            non_resource_urls: none,
        }
    }
}

fields! {
    PolicyRule: "a rule" in "rules", |rule, map, strings| {
        Verbs = "verbs" => rule.verbs = texts(map, strings)?;
        ApiGroups = "apiGroups" => rule.api_groups = texts(map, strings)?;
        Resources = "resources" => rule.resources = texts(map, strings)?;
        ResourceNames = "resourceNames" => rule.resource_names = texts(map, strings)?;
        NonResourceUrls = "nonResourceURLs" => rule.non_resource_urls = texts(map, strings)?;
    }

    fn is_stray(_key: &str) -> bool {
        true
    }
}

/// The kind, name, namespace and API group of a roleRef or subject.
struct Reference {
    kind: Text,
    name: Text,
    namespace: Text,
    api_group: Option<Text>,
}

impl Empty for Reference {
    fn empty(strings: &StringCache) -> Self {
        let empty = strings.empty();
        Self { kind: empty.clone(), name: empty.clone(), namespace: empty, api_group: None }
    }
}

// `apiVersion`, which v1alpha1 had instead of `apiGroup`, does not matter for the known kinds.
fields! {
    Reference: "an object with `kind` and `name`" in "subjects", |reference, map, strings| {
        Kind = "kind" => reference.kind = text(map, strings)?;
        Name = "name" => reference.name = text(map, strings)?;
        Namespace = "namespace" => reference.namespace = text(map, strings)?;
        ApiGroup = "apiGroup" => reference.api_group = Some(text(map, strings)?);
    }

    fn is_stray(_key: &str) -> bool {
        true
    }
}

/// Reads `roleRef`.
pub(super) fn role_ref<'de, A: MapAccess<'de>>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<RoleRef, A::Error> {
    let reference: Reference = map.next_value_seed(ObjectSeed::new(strings))?;
    if !reference.namespace.is_empty() {
        strings.stray.push("namespace".to_owned());
    }
    Ok(RoleRef {
        kind: match &*reference.kind {
            "Role" => RoleKind::Role,
            "ClusterRole" => RoleKind::ClusterRole,
            _ => RoleKind::Other(reference.kind),
        },
        name: reference.name,
        api_group: defaulted(reference.api_group, RBAC_GROUP, strings),
    })
}

/// Reads `subjects`.
pub(super) fn subjects<'de, A: MapAccess<'de>>(
    map: &mut A,
    strings: &mut StringCache,
) -> Result<Box<[Subject]>, A::Error> {
    let references: Vec<Reference> = list(map, strings)?;
    let subject = |reference: Reference| {
        let (kind, group) = match &*reference.kind {
            "User" => (SubjectKind::User, RBAC_GROUP),
            "Group" => (SubjectKind::Group, RBAC_GROUP),
            "ServiceAccount" => (SubjectKind::ServiceAccount, ""),
            _ => (SubjectKind::Other(reference.kind), ""),
        };
        Subject {
            kind,
            name: reference.name,
            namespace: reference.namespace,
            api_group: defaulted(reference.api_group, group, strings),
        }
    };
    Ok(references.into_iter().map(subject).collect())
}

/// Applies the server's default for an API group (`pkg/apis/rbac/v1/defaults.go`).
fn defaulted(written: Option<Text>, default: &str, strings: &mut StringCache) -> Text {
    written.filter(|group| !group.is_empty()).unwrap_or_else(|| strings.text(default))
}

impl Empty for AggregationRule {
    fn empty(_strings: &StringCache) -> Self {
        Self { selectors: Box::default() }
    }
}

fields! {
    AggregationRule: "an aggregation rule", |aggregation, map, strings| {
        ClusterRoleSelectors = "clusterRoleSelectors" => {
            let before = strings.stray.len();
            aggregation.selectors = Vec::into_boxed_slice(list(map, strings)?);
            strings.stray_below(before, "clusterRoleSelectors");
        };
    }

    fn is_stray(_key: &str) -> bool {
        true
    }
}

impl Empty for LabelSelector {
    fn empty(_strings: &StringCache) -> Self {
        Self::default()
    }
}

fields! {
    LabelSelector: "a label selector" in "label selectors", |selector, map, strings| {
        MatchLabels = "matchLabels" => {
            let seed = LabelsSeed { strings, keep: |_| true };
            selector.match_labels = map.next_value_seed(seed)?;
        };
        MatchExpressions = "matchExpressions" => {
            selector.match_expressions = Vec::into_boxed_slice(list(map, strings)?);
        };
    }

    fn is_stray(_key: &str) -> bool {
        true
    }
}

impl Empty for LabelRequirement {
    fn empty(strings: &StringCache) -> Self {
        let empty = strings.empty();
        Self { key: empty.clone(), operator: LabelOperator::Unknown(empty), values: strings.none() }
    }
}

fields! {
    LabelRequirement: "a label requirement" in "label requirements", |requirement, map, strings| {
        Key = "key" => requirement.key = text(map, strings)?;
        Operator = "operator" => {
            let operator = text(map, strings)?;
            requirement.operator = match &*operator {
                "In" => LabelOperator::In,
                "NotIn" => LabelOperator::NotIn,
                "Exists" => LabelOperator::Exists,
                "DoesNotExist" => LabelOperator::DoesNotExist,
                _ => LabelOperator::Unknown(operator),
            };
        };
        Values = "values" => requirement.values = texts(map, strings)?;
    }
}
