use rolecall_rbac::KubernetesVersion;

/// Facts about the cluster that the input does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumptions {
    /// The Kubernetes version, on which some rows depend.
    pub version: KubernetesVersion,
    /// Whether Pods can take over their node.
    pub nodes: Nodes,
    /// Whether the cluster runs on EKS, and so has the ConfigMap `aws-auth`.
    pub platform: Platform,
    /// The ServiceAccounts that exist.
    pub accounts: Accounts,
    /// Whether to follow steps that depend on something outside the input.
    pub reach: Reach,
}

/// The ServiceAccounts that exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Accounts {
    /// Those of the input, and those that a cluster creates: `default` where a binding or a Pod
    /// names it, and those of the built-in controllers.
    #[default]
    Implied,
    /// Those of the input.
    Listed,
}

/// Whether Pods can take over their node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nodes {
    /// They can, unless Pod Security is enforced.
    #[default]
    Reachable,
    /// They can where a Namespace of the input has the label for `privileged`.
    Labelled,
    /// They cannot: nothing follows from privileged Pods.
    Hardened,
}

/// The provider of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Platform {
    /// Unknown.
    #[default]
    Any,
    /// Amazon EKS.
    Eks,
}

/// The steps to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// Steps that certainly work.
    #[default]
    Certain,
    /// Also steps that depend on something outside the input.
    Possible,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self {
            version: KubernetesVersion::NEWEST,
            nodes: Nodes::default(),
            platform: Platform::default(),
            accounts: Accounts::default(),
            reach: Reach::default(),
        }
    }
}
