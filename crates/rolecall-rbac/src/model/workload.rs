use crate::{Labels, Metadata, Text, Texts};

/// A ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// Its `automountServiceAccountToken`, unless unset.
    pub automount_token: Option<bool>,
}

/// A Namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Namespace {
    /// Name, labels and origin.
    pub metadata: Metadata,
}

/// A Pod, or an object that makes Pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Name, namespace, labels and origin.
    pub metadata: Metadata,
    /// The kind, such as `Pod` or `Deployment`.
    pub kind: Text,
    /// The API group; empty for core.
    pub api_group: Text,
    /// The owner with `controller: true`, else the first one.
    pub owner: Option<Owner>,
    /// The Pods it is or makes, one for each pod template in it.
    pub pods: Box<[PodSpec]>,
    /// Whether the object is a mirror (static) Pod, which runs as nobody.
    pub mirror: bool,
}

/// The object that an `ownerReferences` entry names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The kind.
    pub kind: Text,
    /// The API group; empty for core.
    pub api_group: Text,
    /// The name.
    pub name: Text,
}

/// What of a pod spec decides its identity and shows its needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodSpec {
    /// Where in the object the pod spec stands, such as `.spec.template.spec`.
    pub path: Text,
    /// The annotations of the pod template that readers keep, sorted by key; empty for a Pod, whose
    /// own metadata has them.
    pub annotations: Labels,
    /// The ServiceAccount as written, alias included; empty when none is named, which runs as
    /// `default`.
    pub service_account: Text,
    /// Whether nobody wrote that name: an operator derives it, and makes the ServiceAccount.
    pub account_is_derived: bool,
    /// Its `automountServiceAccountToken`, unless unset.
    pub automount_token: Option<bool>,
    /// Tokens in volumes; those among them that a server added to the Pod are called
    /// `kube-api-access-*`, or before 1.21 `ACCOUNT-token-*`.
    pub token_volumes: Box<[TokenVolume]>,
    /// Containers, init containers first.
    pub containers: Box<[Container]>,
    /// Where it was read.
    pub lines: PodLines,
}

/// On which lines of its file a pod spec and its fields stand; 0 where readers do not note that.
///
/// They note it for what Kubernetes itself makes Pods of, one to a document, in YAML files of
/// directories, where everything is written where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PodLines {
    /// Where the pod spec starts.
    pub spec: u32,
    /// `serviceAccountName`; the pod spec's own where there is none, be there a `serviceAccount` or not.
    pub service_account: u32,
    /// `automountServiceAccountToken`; the pod spec's own where there is none.
    pub automount_token: u32,
}

impl PodSpec {
    /// Returns the ServiceAccount's name: `default` when none is written.
    pub fn service_account_name(&self) -> &str {
        if self.service_account.is_empty() { "default" } else { &self.service_account }
    }
}

/// A token in a volume: a projected `serviceAccountToken` source, or the Secret in which servers
/// before 1.24 kept it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenVolume {
    /// The volume's name.
    pub name: Text,
    /// The token's audience; empty is the API server's.
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
    /// The entrypoint, when overridden.
    pub command: Texts,
    /// The arguments, when overridden.
    pub args: Texts,
    /// Whether it is an init container.
    pub init: bool,
    /// Whether something is mounted at the token's usual path, by the Pod itself or by a server.
    pub covers_token_path: bool,
    /// Whether its environment may name a kubeconfig or another server, or one is mounted where kubectl
    /// looks for it: then kubectl may be somebody else than the Pod.
    pub may_have_kubeconfig: bool,
}
