//! The objects that a command needs.

use rolecall_source::manifests::Selection;

use crate::place::Unplaced;

/// What a command needs besides roles and bindings; less is asked of a cluster then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// ServiceAccounts.
    pub(crate) service_accounts: bool,
    /// Namespaces.
    pub(crate) namespaces: bool,
    /// Pods and the objects that make them.
    pub(crate) workloads: bool,
    /// Pods, and who owns the objects that own them.
    pub(crate) pods: bool,
    /// The objects that make Pods.
    pub(crate) templates: bool,
    /// No roles and bindings: the server answers by itself.
    pub(crate) without_roles: bool,
    /// Where all this is needed.
    pub(crate) breadth: Breadth,
    /// Namespaces that count besides those that the question is asked in.
    pub(crate) further_namespaces: Vec<String>,
    /// Whether the command itself looks for the namespaces that it is about.
    pub(crate) looks_for_namespaces: bool,
    /// Whether the answer is what the named namespaces hold, so that each has to be there.
    pub(crate) reads_namespaces: bool,
    /// Subjects that are named without a namespace, which manifests may know.
    pub(crate) unplaced: Vec<Unplaced>,
    /// Whether manifests may be none: then nothing is granted.
    pub(crate) may_be_nothing: bool,
    /// Whether the text of stdin is to be kept, to find places in it.
    pub(crate) keeps_stdin: bool,
}

/// In how much of a cluster something is needed; with `-A` everything is needed everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breadth {
    /// In the namespaces that the question is asked in.
    #[default]
    Asked,
    /// Roles, bindings and ServiceAccounts in all namespaces.
    Roles,
    /// Everything in all namespaces.
    All,
}

impl Needs {
    /// Returns what of manifests is to be read. Namespaces may be known from Pods alone.
    pub(crate) fn selection(&self) -> Selection {
        match self.workloads || self.pods || self.templates || self.namespaces {
            true => Selection::Everything,
            false => Selection::WithoutWorkloads,
        }
    }
}
