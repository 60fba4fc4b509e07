use crate::{Labels, Metadata, Text, Texts};

/// A ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// The field `automountServiceAccountToken`, if set.
    pub automount_token: Option<bool>,
    /// The names of the Secrets in the field `secrets`, in which servers up to 1.23 stored its tokens.
    pub secrets: Texts,
}

/// An object that only needs to exist: the evaluator does not read its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedObject {
    /// Name, namespace and origin.
    pub metadata: Metadata,
    /// The kind.
    pub kind: Text,
    /// The API group; empty for core.
    pub api_group: Text,
}

/// A Namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Name, labels and origin.
    pub metadata: Metadata,
}

/// A Pod, or an object that creates Pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// The kind, such as `Pod` or `Deployment`.
    pub kind: Text,
    /// The API group; empty for core.
    pub api_group: Text,
    /// The owner with `controller: true`, else the first owner.
    pub owner: Option<Owner>,
    /// The Pod itself or the Pods it creates, one for each pod template.
    pub pods: Box<[PodSpec]>,
    /// Whether the object is a mirror (static) Pod, which runs without a ServiceAccount.
    pub mirror: bool,
}

/// The object in an `ownerReferences` entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The kind.
    pub kind: Text,
    /// The API group; empty for core.
    pub api_group: Text,
    /// The name.
    pub name: Text,
}

/// The parts of a pod spec that decide its identity and show its needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSpec {
    /// The path of the pod spec in the object, such as `.spec.template.spec`.
    pub path: Text,
    /// The annotations of the pod template that readers keep, sorted by key; empty for a Pod, which
    /// has them in its own metadata.
    pub annotations: Labels,
    /// The ServiceAccount as written, including the alias field; empty if none is named, which
    /// means `default`.
    pub service_account: Text,
    /// Whether the name is not written: an operator derives it and creates the ServiceAccount.
    pub account_is_derived: bool,
    /// The field `automountServiceAccountToken`, if set.
    pub automount_token: Option<bool>,
    /// Tokens in volumes. Volumes that a server added to the Pod are called `kube-api-access-*`, or
    /// before 1.21 `ACCOUNT-token-*`.
    pub token_volumes: Box<[TokenVolume]>,
    /// Containers, init containers first.
    pub containers: Box<[Container]>,
    /// The node of a scheduled Pod; empty if none is written.
    pub node: Text,
    /// The lines of its fields.
    pub lines: PodLines,
}

/// The lines of a pod spec and its fields; 0 if not recorded.
///
/// Readers record lines only for Kubernetes' own workload kinds in YAML files of directories, one
/// object per document, where every field is at its source position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodLines {
    /// Where the pod spec starts.
    pub spec: u32,
    /// The line of `serviceAccountName`; the pod spec's line if it is absent, even if
    /// `serviceAccount` is present.
    pub service_account: u32,
    /// The line of `automountServiceAccountToken`; the pod spec's line if it is absent.
    pub automount_token: u32,
}

impl PodSpec {
    /// Returns the ServiceAccount's name: `default` if none is written.
    pub fn service_account_name(&self) -> &str {
        if self.service_account.is_empty() { "default" } else { &self.service_account }
    }
}

/// A token in a volume: a projected `serviceAccountToken` source, or the Secret in which servers
/// before 1.24 stored it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenVolume {
    /// The volume's name.
    pub name: Text,
    /// The token's audience; empty means the API server's.
    pub audience: Text,
    /// The containers that mount it.
    pub mounted_by: Texts,
}

/// One container of a pod spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// The name.
    pub name: Text,
    /// The image.
    pub image: Text,
    /// The entrypoint, if overridden.
    pub command: Texts,
    /// The arguments, if overridden.
    pub args: Texts,
    /// Whether it is an init container.
    pub init: bool,
    /// Whether the Pod or a server mounts something at the token's usual path.
    pub covers_token_path: bool,
    /// Whether its environment can name a kubeconfig or another server, or a kubeconfig is mounted
    /// where kubectl looks for it. Then kubectl can use an identity other than the Pod's.
    pub may_have_kubeconfig: bool,
    /// The variables that its command or arguments refer to, if the manifest sets their values.
    pub env: Box<[Variable]>,
}

/// An environment variable whose value can be the name of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The name.
    pub name: Text,
    /// The value.
    pub value: VariableValue,
}

/// The value of a [`Variable`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableValue {
    /// A text in the manifest.
    Text(Text),
    /// The Pod's own namespace.
    OwnNamespace,
    /// The name of the Pod's ServiceAccount.
    OwnServiceAccount,
}
