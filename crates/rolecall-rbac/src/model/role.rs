use std::sync::Arc;

use crate::{Labels, Metadata, Text, Texts};

/// A Role, or a ClusterRole when its namespace is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Role {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// The rules in their written order.
    pub rules: Arc<[PolicyRule]>,
    /// How a ClusterRole is filled from others; always `None` for a Role.
    pub aggregation: Option<AggregationRule>,
}

impl Role {
    /// Returns whether this is a ClusterRole.
    pub fn is_cluster_role(&self) -> bool {
        self.metadata.namespace.is_empty()
    }

    /// Returns `Role` or `ClusterRole`.
    pub fn kind(&self) -> &'static str {
        if self.is_cluster_role() { "ClusterRole" } else { "Role" }
    }
}

/// One rule, as written: neither validated nor normalized.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PolicyRule {
    /// Verbs; `*` is every verb.
    pub verbs: Texts,
    /// API groups; `""` is core, `*` every group.
    pub api_groups: Texts,
    /// Resources, `resource/subresource`, `*/subresource` or `*`.
    pub resources: Texts,
    /// Object names; an empty list matches every name and no name.
    pub resource_names: Texts,
    /// URL paths of non-resource requests; a trailing `*` is a prefix match.
    pub non_resource_urls: Texts,
}

/// The ClusterRoles that the controller copies into this one
/// (docs/semantics.md#aggregated-clusterroles).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregationRule {
    /// Selectors over ClusterRole labels; a ClusterRole needs to match only one.
    pub selectors: Box<[LabelSelector]>,
}

/// A label selector: all parts must match, and an empty selector matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LabelSelector {
    /// Labels that must have exactly these values.
    pub match_labels: Labels,
    /// Additional requirements.
    pub match_expressions: Box<[LabelRequirement]>,
}

/// One `matchExpressions` entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LabelRequirement {
    /// The label key.
    pub key: Text,
    /// The comparison with `values`.
    pub operator: LabelOperator,
    /// The values of `In` and `NotIn`.
    pub values: Texts,
}

/// The operators of a label requirement.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LabelOperator {
    /// The label is present with one of the values.
    In,
    /// The label is absent or has none of the values.
    NotIn,
    /// The label is present.
    Exists,
    /// The label is absent.
    DoesNotExist,
    /// Any other operator: the selector is invalid and selects nothing.
    Unknown(Text),
}

impl LabelSelector {
    /// Returns whether an object with these labels is selected.
    pub fn matches(&self, metadata: &Metadata) -> bool {
        self.match_labels.iter().all(|(key, value)| metadata.label(key) == Some(value))
            && self.match_expressions.iter().all(|requirement| {
                let label = metadata.label(&requirement.key);
                let listed = || label.is_some_and(|value| requirement.values.contains(value));
                match requirement.operator {
                    LabelOperator::In => listed(),
                    LabelOperator::NotIn => !listed(),
                    LabelOperator::Exists => label.is_some(),
                    LabelOperator::DoesNotExist => label.is_none(),
                    LabelOperator::Unknown(_) => false,
                }
            })
    }
}
