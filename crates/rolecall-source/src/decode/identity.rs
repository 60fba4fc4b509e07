//! Classifies objects by `apiVersion` and `kind`.

use rolecall_rbac::{Text, edit_distance, is_built_in};

use super::places::{self, Places};

/// The `apiVersion` and `kind` of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) api_version: Text,
    pub(crate) kind: Text,
}

impl Identity {
    /// Returns the identity of items that omit theirs, derived from the kind of this list. `None`
    /// for a plain `List`.
    pub(crate) fn of_items(&self) -> Option<Self> {
        let kind = self.kind.strip_suffix("List").filter(|kind| !kind.is_empty())?;
        Some(Self { api_version: self.api_version.clone(), kind: kind.into() })
    }
}

/// The kinds of objects that are decoded differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A Role or ClusterRole.
    Role,
    /// A RoleBinding or ClusterRoleBinding.
    Binding,
    /// A ServiceAccount.
    ServiceAccount,
    /// A Namespace.
    Namespace,
    /// An object that only needs to exist.
    Named,
    /// A ConfigMap, which matters if it is [`AWS_AUTH`].
    Map,
    /// A CustomResourceDefinition, which adds a served resource.
    CustomResourceDefinition,
    /// A Pod or an object with pod specs in known places.
    Workload(&'static Places),
    /// A list of objects.
    List,
    /// A custom resource, which can have pod specs anywhere.
    Custom,
    /// An RBAC kind that is misspelled, or in a group or version that no server accepts.
    Misplaced,
    /// An RBAC kind in OpenShift's group.
    OpenShift,
    /// An OpenShift Template, whose objects are created when it is processed.
    Template,
    /// A ClusterServiceVersion, from which OLM creates Deployments, ServiceAccounts, roles and
    /// bindings.
    OperatorVersion,
    /// A kind that does not affect any answer.
    Irrelevant,
}

/// The objects to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// Every object that affects an answer.
    #[default]
    Everything,
    /// All except Pods, workloads and custom resources, for questions about a user. They are
    /// skipped, but malformed JSON in them is still an error.
    WithoutWorkloads,
    /// Everything, and the names of the other objects on which escalation paths depend.
    WithNames,
    /// The same, but of ConfigMaps only `aws-auth` of EKS: the others can be most of the text of a
    /// repository.
    WithFewNames,
}

/// The ConfigMap that maps IAM identities to users and groups in EKS.
pub(crate) const AWS_AUTH: &str = "aws-auth";

impl Selection {
    /// Returns the shape of an object; an object outside the selection is irrelevant.
    pub(crate) fn shape(self, api_version: &str, kind: &str) -> Shape {
        match (self, shape(api_version, kind)) {
            (Self::WithoutWorkloads, Shape::Workload(_) | Shape::Custom) => Shape::Irrelevant,
            (Self::WithFewNames, Shape::Irrelevant)
                if api_version == "v1" && kind == "ConfigMap" =>
            {
                Shape::Map
            }
            (Self::WithNames | Self::WithFewNames, Shape::Irrelevant)
                if is_named(group_of(api_version), kind) =>
            {
                Shape::Named
            }
            (_, shape) => shape,
        }
    }
}

/// Returns whether escalation paths depend on the existence of objects of a kind.
fn is_named(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        ("", "ConfigMap" | "Secret")
            | (
                "admissionregistration.k8s.io",
                "MutatingAdmissionPolicy"
                    | "MutatingAdmissionPolicyBinding"
                    | "MutatingWebhookConfiguration"
            )
            | ("certificates.k8s.io", "CertificateSigningRequest")
    )
}

pub(crate) const RBAC_GROUP: &str = "rbac.authorization.k8s.io";

/// The only `apiVersion` of RBAC objects that current servers accept.
pub(crate) const RBAC_VERSION: &str = "rbac.authorization.k8s.io/v1";

/// Returns the API group of an `apiVersion`; empty for core.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Returns the shape of an object.
pub(crate) fn shape(api_version: &str, kind: &str) -> Shape {
    let group = group_of(api_version);
    // The most common kinds come first; none of them creates Pods.
    match (group, kind) {
        (RBAC_GROUP, "Role" | "ClusterRole") => Shape::Role,
        (RBAC_GROUP, "RoleBinding" | "ClusterRoleBinding") => Shape::Binding,
        ("", "ServiceAccount") => Shape::ServiceAccount,
        ("", "Namespace") => Shape::Namespace,
        _ => places::find(group, kind).map_or_else(|| further_shape(group, kind), Shape::Workload),
    }
}

/// Returns the shape of the remaining kinds.
fn further_shape(group: &str, kind: &str) -> Shape {
    match (group, kind) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => Shape::CustomResourceDefinition,
        (
            "authorization.openshift.io",
            "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding",
        ) => Shape::OpenShift,
        ("template.openshift.io", "Template") | ("", "Template") => Shape::Template,
        ("operators.coreos.com", "ClusterServiceVersion") => Shape::OperatorVersion,
        (_, kind) if kind.ends_with("List") => Shape::List,
        (RBAC_GROUP, _) => Shape::Misplaced,
        (group, kind) if is_known(group) => {
            if is_rbac_kind(kind) {
                Shape::Misplaced
            } else {
                Shape::Irrelevant
            }
        }
        (group, kind) if is_rbac_kind(kind) && is_nearly_rbac(group) => Shape::Misplaced,
        _ => Shape::Custom,
    }
}

/// Returns whether a group is a misspelling of `rbac.authorization.k8s.io`.
fn is_nearly_rbac(group: &str) -> bool {
    group.starts_with("rbac.authorization.")
        || group == "rbac.k8s.io"
        || edit_distance(group, RBAC_GROUP) <= 4
}

/// Returns whether a kind is cluster-scoped.
pub(crate) fn is_cluster_scoped(kind: &str) -> bool {
    matches!(kind, "ClusterRole" | "ClusterRoleBinding" | "Namespace" | "CustomResourceDefinition")
        || kind == "ClusterWorkflowTemplate"
        || kind == "CertificateSigningRequest"
        || kind.starts_with("MutatingAdmissionPolicy")
        || kind == "MutatingWebhookConfiguration"
        || kind == "ClusterAnalysisTemplate"
}

fn is_rbac_kind(kind: &str) -> bool {
    ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(kind))
}

/// Returns whether Kubernetes itself creates Pods from objects of a group.
pub(super) fn makes_pods(group: &str) -> bool {
    matches!(group, "" | "apps" | "batch" | "extensions")
}

/// Returns whether the other kinds of a group are known not to create Pods.
fn is_known(group: &str) -> bool {
    is_built_in(group) || group == "metrics.k8s.io"
}
