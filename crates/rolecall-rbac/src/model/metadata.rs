use crate::Text;

/// Labels or annotations: key and value, sorted by key.
pub type Labels = Box<[(Text, Text)]>;

/// Where an object was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Listed from a live API server.
    #[default]
    Cluster,
    /// A default role or binding that every API server creates at startup.
    Default,
    /// Read from a file, or from stdin when the path is `-`.
    File {
        /// The path as given or found, with `/` as separator.
        path: Text,
        /// The one-based line on which the object starts; 0 for the whole file.
        line: u32,
    },
}

impl Origin {
    /// Returns `path:line` for an object from a file, or the path for a whole file, for messages.
    pub fn position(&self) -> Option<String> {
        match self {
            Self::File { path, line: 0 } => Some(shown_path(path).to_owned()),
            Self::File { path, line } => Some(format!("{}:{line}", shown_path(path))),
            Self::Cluster | Self::Default => None,
        }
    }
}

/// Returns the path of a file for messages. A hyphen alone would not look like a path.
pub fn shown_path(path: &str) -> &str {
    if path == "-" { "<stdin>" } else { path }
}

/// The part of `metadata` that access decisions, findings and messages use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// The namespace; empty for cluster-scoped objects.
    pub namespace: Text,
    /// The name.
    pub name: Text,
    /// The labels, sorted by key.
    pub labels: Labels,
    /// The annotations that pass [`Metadata::keeps_annotation`], sorted by key.
    pub annotations: Labels,
    /// Whether the reader filled in a missing namespace, so that the object can end up in another
    /// one when it is applied.
    pub namespace_assumed: bool,
    /// Where the object was read.
    pub origin: Origin,
    /// Whether a server has stored the object (it has a `resourceVersion` or `uid`), so that fields
    /// managed by controllers are already filled in.
    pub stored: bool,
    /// The `apiVersion` of a role or binding if it is not `rbac.authorization.k8s.io/v1`; the
    /// fields are read as if it were.
    pub written_version: Option<Text>,
}

impl Metadata {
    /// Builds metadata with only a namespace and a name.
    pub fn new(namespace: impl Into<Text>, name: impl Into<Text>) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
            labels: Labels::default(),
            annotations: Labels::default(),
            namespace_assumed: false,
            origin: Origin::default(),
            stored: false,
            written_version: None,
        }
    }

    /// Returns whether readers keep an annotation: rolecall's own, those that link a ServiceAccount
    /// to a cloud identity, those that affect RBAC objects or Pods, and those that order objects.
    /// Others are dropped.
    pub fn keeps_annotation(key: &str) -> bool {
        key.starts_with("rolecall.dev/")
            || matches!(
                key,
                "azure.workload.identity/client-id"
                    | "argocd.argoproj.io/hook"
                    | "argocd.argoproj.io/sync-wave"
                    | "eks.amazonaws.com/role-arn"
                    | "helm.sh/hook"
                    | "helm.sh/hook-delete-policy"
                    | "helm.sh/hook-weight"
                    | "iam.gke.io/gcp-service-account"
                    | "kubernetes.io/config.mirror"
                    | "rbac.authorization.kubernetes.io/autoupdate"
            )
    }

    /// Returns the value of a label.
    pub fn label(&self, key: &str) -> Option<&Text> {
        lookup(&self.labels, key)
    }

    /// Returns the value of an annotation.
    pub fn annotation(&self, key: &str) -> Option<&Text> {
        lookup(&self.annotations, key)
    }
}

fn lookup<'a>(pairs: &'a [(Text, Text)], key: &str) -> Option<&'a Text> {
    pairs.iter().find(|(candidate, _)| &**candidate == key).map(|(_, value)| value)
}
