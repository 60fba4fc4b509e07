//! How denials are fixed: which objects grant, and how much.

/// How denials are fixed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// Which objects grant.
    pub style: Style,
    /// Where the objects grant.
    pub scope: Scope,
    /// What happens to requests that would give away the cluster.
    pub risky: Risky,
    /// What becomes of ServiceAccounts that do not exist.
    pub missing_accounts: MissingAccounts,
    /// What becomes of names that a program generated.
    pub generated_names: GeneratedNames,
}

/// Which objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// Roles of the subject's own.
    #[default]
    New,
    /// An existing role that covers the need, bound to the subject; one of the subject's own where
    /// none does.
    Reuse {
        /// The most that a role may grant beside the need, in rules of one verb and one resource.
        max_excess: Option<usize>,
    },
    /// Further rules in a role that is bound to the subject and to nobody else; one of the subject's
    /// own where none is.
    Extend,
}

/// Where objects grant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// In the namespaces asked for.
    #[default]
    AsAsked,
    /// In every namespace.
    ClusterWide,
}

/// What happens to requests that would give away the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Risky {
    /// They are refused, with reasons.
    #[default]
    Refused,
    /// They are granted.
    Granted,
}

/// What becomes of ServiceAccounts that do not exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissingAccounts {
    /// They are noted.
    #[default]
    Noted,
    /// They are emitted.
    Created,
}

/// What becomes of names that a program generated, such as those of a Deployment's Pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GeneratedNames {
    /// The grant is for all objects of the namespace, unless that is risky.
    #[default]
    Dropped,
    /// The grant is limited to the name all the same.
    Kept,
}
