//! From Kubernetes' types to the model.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core_v1;
use k8s_openapi::api::rbac::v1 as rbac_v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1 as meta_v1;

use crate::{
    AggregationRule, Binding, LabelOperator, LabelRequirement, LabelSelector, Labels, Metadata,
    Namespace, PolicyRule, Role, RoleKind, RoleRef, ServiceAccount, Subject, SubjectKind, Text,
    Texts,
};

impl From<&meta_v1::ObjectMeta> for Metadata {
    fn from(written: &meta_v1::ObjectMeta) -> Self {
        Self {
            labels: labels(written.labels.as_ref(), |_| true),
            annotations: labels(written.annotations.as_ref(), Self::keeps_annotation),
            stored: written.resource_version.is_some() || written.uid.is_some(),
            ..Self::new(optional(&written.namespace), optional(&written.name))
        }
    }
}

impl From<&rbac_v1::Role> for Role {
    /// A Role without a namespace gets `default`, as from kubectl. It is never read as a ClusterRole.
    fn from(written: &rbac_v1::Role) -> Self {
        let rules = rules(written.rules.as_ref());
        Self { metadata: namespaced(&written.metadata), rules, aggregation: None }
    }
}

impl From<&rbac_v1::ClusterRole> for Role {
    fn from(written: &rbac_v1::ClusterRole) -> Self {
        Self {
            metadata: cluster_scoped(&written.metadata),
            rules: rules(written.rules.as_ref()),
            aggregation: written.aggregation_rule.as_ref().map(AggregationRule::from),
        }
    }
}

impl From<&rbac_v1::PolicyRule> for PolicyRule {
    fn from(written: &rbac_v1::PolicyRule) -> Self {
        Self {
            verbs: texts(&written.verbs),
            api_groups: texts(written.api_groups.as_deref().unwrap_or_default()),
            resources: texts(written.resources.as_deref().unwrap_or_default()),
            resource_names: texts(written.resource_names.as_deref().unwrap_or_default()),
            non_resource_urls: texts(written.non_resource_urls.as_deref().unwrap_or_default()),
        }
    }
}

impl From<&rbac_v1::AggregationRule> for AggregationRule {
    fn from(written: &rbac_v1::AggregationRule) -> Self {
        let selectors = written.cluster_role_selectors.iter().flatten();
        Self { selectors: selectors.map(LabelSelector::from).collect() }
    }
}

impl From<&meta_v1::LabelSelector> for LabelSelector {
    fn from(written: &meta_v1::LabelSelector) -> Self {
        let requirement = |written: &meta_v1::LabelSelectorRequirement| LabelRequirement {
            key: written.key.as_str().into(),
            operator: match written.operator.as_str() {
                "In" => LabelOperator::In,
                "NotIn" => LabelOperator::NotIn,
                "Exists" => LabelOperator::Exists,
                "DoesNotExist" => LabelOperator::DoesNotExist,
                other => LabelOperator::Unknown(other.into()),
            },
            values: texts(written.values.as_deref().unwrap_or_default()),
        };
        Self {
            match_labels: labels(written.match_labels.as_ref(), |_| true),
            match_expressions: written
                .match_expressions
                .iter()
                .flatten()
                .map(requirement)
                .collect(),
        }
    }
}

impl From<&rbac_v1::RoleBinding> for Binding {
    /// A RoleBinding without a namespace gets `default`, as from kubectl. It is never read as a
    /// ClusterRoleBinding.
    fn from(written: &rbac_v1::RoleBinding) -> Self {
        Self {
            metadata: namespaced(&written.metadata),
            role_ref: RoleRef::from(&written.role_ref),
            subjects: written.subjects.iter().flatten().map(Subject::from).collect(),
        }
    }
}

impl From<&rbac_v1::ClusterRoleBinding> for Binding {
    fn from(written: &rbac_v1::ClusterRoleBinding) -> Self {
        Self {
            metadata: cluster_scoped(&written.metadata),
            role_ref: RoleRef::from(&written.role_ref),
            subjects: written.subjects.iter().flatten().map(Subject::from).collect(),
        }
    }
}

impl From<&rbac_v1::RoleRef> for RoleRef {
    fn from(written: &rbac_v1::RoleRef) -> Self {
        Self {
            api_group: optional(&written.api_group),
            kind: match written.kind.as_str() {
                "Role" => RoleKind::Role,
                "ClusterRole" => RoleKind::ClusterRole,
                other => RoleKind::Other(other.into()),
            },
            name: written.name.as_str().into(),
        }
    }
}

impl From<&rbac_v1::Subject> for Subject {
    fn from(written: &rbac_v1::Subject) -> Self {
        Self {
            kind: match written.kind.as_str() {
                "User" => SubjectKind::User,
                "Group" => SubjectKind::Group,
                "ServiceAccount" => SubjectKind::ServiceAccount,
                other => SubjectKind::Other(other.into()),
            },
            name: written.name.as_str().into(),
            namespace: optional(&written.namespace),
            api_group: optional(&written.api_group),
        }
    }
}

impl From<&core_v1::ServiceAccount> for ServiceAccount {
    fn from(written: &core_v1::ServiceAccount) -> Self {
        Self {
            metadata: namespaced(&written.metadata),
            automount_token: written.automount_service_account_token,
            secrets: (written.secrets.iter().flatten())
                .filter_map(|secret| Some(secret.name.as_deref()?.into()))
                .collect(),
        }
    }
}

impl From<&core_v1::Namespace> for Namespace {
    fn from(written: &core_v1::Namespace) -> Self {
        Self { metadata: cluster_scoped(&written.metadata) }
    }
}

fn namespaced(written: &meta_v1::ObjectMeta) -> Metadata {
    let metadata = Metadata::from(written);
    match metadata.namespace.is_empty() {
        true => Metadata { namespace: "default".into(), namespace_assumed: true, ..metadata },
        false => metadata,
    }
}

fn cluster_scoped(written: &meta_v1::ObjectMeta) -> Metadata {
    Metadata { namespace: Text::new(), ..Metadata::from(written) }
}

fn rules(written: Option<&Vec<rbac_v1::PolicyRule>>) -> Arc<[PolicyRule]> {
    written.into_iter().flatten().map(PolicyRule::from).collect()
}

fn labels(written: Option<&BTreeMap<String, String>>, keeps: impl Fn(&str) -> bool) -> Labels {
    let kept = written.into_iter().flatten().filter(|(key, _)| keeps(key));
    kept.map(|(key, value)| (key.as_str().into(), value.as_str().into())).collect()
}

fn texts(written: &[String]) -> Texts {
    written.iter().map(|text| text.as_str().into()).collect()
}

fn optional(written: &Option<String>) -> Text {
    written.as_deref().unwrap_or_default().into()
}
