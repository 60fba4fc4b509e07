//! Options for the generated objects.

/// Options for the generated objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The kind of grant.
    pub style: Style,
    /// The scope of the grant.
    pub scope: Scope,
    /// Whether to grant risky requests.
    pub risky: Risky,
    /// The handling of ServiceAccounts that do not exist.
    pub missing_accounts: MissingAccounts,
    /// The handling of generated names.
    pub generated_names: GeneratedNames,
}

/// The kind of grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// A dedicated role.
    #[default]
    New,
    /// An existing role that covers the need, or a dedicated one if there is none.
    Reuse {
        /// The maximum excess of a role over the need, in rules with one verb and one resource.
        max_excess: Option<usize>,
    },
    /// Additional rules in a role that only this subject has, or a dedicated one if there is none.
    Extend,
}

/// The scope of grants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The namespaces of the requests.
    #[default]
    AsAsked,
    /// In every namespace.
    ClusterWide,
}

/// Whether to grant risky requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risky {
    /// Refuse them, with reasons.
    #[default]
    Refused,
    /// Grant them.
    Granted,
}

/// The handling of ServiceAccounts that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingAccounts {
    /// Report them.
    #[default]
    Noted,
    /// Generate them.
    Created,
}

/// The handling of generated names, such as those of a Deployment's Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GeneratedNames {
    /// Grant access to all objects in the namespace if the name is certainly generated and that is not
    /// risky; otherwise limit the grant to the name.
    #[default]
    Dropped,
    /// Limit the grant to the name anyway.
    Kept,
}
