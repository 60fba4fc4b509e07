//! From the model to Kubernetes' types.
//!
//! A Role and a ClusterRole are one type in the model, so callers choose by
//! [`Role::is_cluster_role`] and [`Binding::is_cluster_role_binding`].

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::rbac::v1 as rbac_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta_v1;

use super::RBAC_GROUP;
use crate::{
    AggregationRule, Binding, LabelOperator, LabelSelector, Labels, Metadata, Namespace,
    PolicyRule, Role, RoleRef, ServiceAccount, Subject, SubjectKind, Text,
};

impl From<&Metadata> for meta_v1::ObjectMeta {
    fn from(metadata: &Metadata) -> Self {
        Self {
            name: Some(metadata.name.to_string()),
            namespace: text(&metadata.namespace),
            labels: map(&metadata.labels),
            annotations: map(&metadata.annotations),
            ..Self::default()
        }
    }
}

impl From<&Role> for rbac_v1::Role {
    fn from(role: &Role) -> Self {
        let rules = Some(role.rules.iter().map(rbac_v1::PolicyRule::from).collect());
        Self { metadata: meta_v1::ObjectMeta::from(&role.metadata), rules }
    }
}

impl From<&Role> for rbac_v1::ClusterRole {
    fn from(role: &Role) -> Self {
        Self {
            aggregation_rule: role.aggregation.as_ref().map(rbac_v1::AggregationRule::from),
            metadata: meta_v1::ObjectMeta::from(&role.metadata),
            rules: Some(role.rules.iter().map(rbac_v1::PolicyRule::from).collect()),
        }
    }
}

impl From<&PolicyRule> for rbac_v1::PolicyRule {
    fn from(rule: &PolicyRule) -> Self {
        Self {
            api_groups: list(&rule.api_groups),
            non_resource_urls: list(&rule.non_resource_urls),
            resource_names: list(&rule.resource_names),
            resources: list(&rule.resources),
            verbs: rule.verbs.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&AggregationRule> for rbac_v1::AggregationRule {
    fn from(rule: &AggregationRule) -> Self {
        let selectors = rule.selectors.iter().map(meta_v1::LabelSelector::from).collect();
        Self { cluster_role_selectors: Some(selectors) }
    }
}

impl From<&LabelSelector> for meta_v1::LabelSelector {
    fn from(selector: &LabelSelector) -> Self {
        let requirements = selector.match_expressions.iter().map(|requirement| {
            let operator = match &requirement.operator {
                LabelOperator::In => "In",
                LabelOperator::NotIn => "NotIn",
                LabelOperator::Exists => "Exists",
                LabelOperator::DoesNotExist => "DoesNotExist",
                LabelOperator::Unknown(other) => other,
            };
            meta_v1::LabelSelectorRequirement {
                key: requirement.key.to_string(),
                operator: operator.to_owned(),
                values: list(&requirement.values),
            }
        });
        let requirements: Vec<_> = requirements.collect();
        Self {
            match_expressions: (!requirements.is_empty()).then_some(requirements),
            match_labels: map(&selector.match_labels),
        }
    }
}

impl From<&Binding> for rbac_v1::RoleBinding {
    fn from(binding: &Binding) -> Self {
        Self {
            metadata: meta_v1::ObjectMeta::from(&binding.metadata),
            role_ref: rbac_v1::RoleRef::from(&binding.role_ref),
            subjects: Some(binding.subjects.iter().map(rbac_v1::Subject::from).collect()),
        }
    }
}

impl From<&Binding> for rbac_v1::ClusterRoleBinding {
    fn from(binding: &Binding) -> Self {
        Self {
            metadata: meta_v1::ObjectMeta::from(&binding.metadata),
            role_ref: rbac_v1::RoleRef::from(&binding.role_ref),
            subjects: Some(binding.subjects.iter().map(rbac_v1::Subject::from).collect()),
        }
    }
}

impl From<&RoleRef> for rbac_v1::RoleRef {
    fn from(role_ref: &RoleRef) -> Self {
        Self {
            api_group: text(&role_ref.api_group).or_else(|| Some(RBAC_GROUP.to_owned())),
            kind: role_ref.kind.as_str().to_owned(),
            name: role_ref.name.to_string(),
        }
    }
}

impl From<&Subject> for rbac_v1::Subject {
    /// Servers fill in the API group of users and groups; ServiceAccounts are in the core group.
    fn from(subject: &Subject) -> Self {
        let (api_group, namespace) = match subject.kind {
            SubjectKind::ServiceAccount => (None, text(&subject.namespace)),
            _ => (text(&subject.api_group).or_else(|| Some(RBAC_GROUP.to_owned())), None),
        };
        Self {
            api_group,
            kind: subject.kind.as_str().to_owned(),
            name: subject.name.to_string(),
            namespace,
        }
    }
}

impl From<&ServiceAccount> for core_v1::ServiceAccount {
    fn from(account: &ServiceAccount) -> Self {
        let secret = |name: &Text| core_v1::ObjectReference {
            name: Some(name.to_string()),
            ..core_v1::ObjectReference::default()
        };
        let secrets = account.secrets.iter().map(secret).collect();
        Self {
            automount_service_account_token: account.automount_token,
            metadata: meta_v1::ObjectMeta::from(&account.metadata),
            secrets: (!account.secrets.is_empty()).then_some(secrets),
            ..Self::default()
        }
    }
}

impl From<&Namespace> for core_v1::Namespace {
    fn from(namespace: &Namespace) -> Self {
        let metadata = meta_v1::ObjectMeta::from(&namespace.metadata);
        Self { metadata, ..Self::default() }
    }
}

fn map(pairs: &Labels) -> Option<BTreeMap<String, String>> {
    let map = pairs.iter().map(|(key, value)| (key.to_string(), value.to_string()));
    (!pairs.is_empty()).then(|| map.collect())
}

fn list(texts: &[Text]) -> Option<Vec<String>> {
    (!texts.is_empty()).then(|| texts.iter().map(ToString::to_string).collect())
}

fn text(text: &Text) -> Option<String> {
    (!text.is_empty()).then(|| text.to_string())
}
