//! The objects that a command needs.

use rolecall_source::manifests::Selection;

use crate::place::Unplaced;

/// The data that a command needs besides roles and bindings. Nothing else is requested from a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// ServiceAccounts.
    pub(crate) service_accounts: bool,
    /// Namespaces.
    pub(crate) namespaces: bool,
    /// Pods and workloads.
    pub(crate) workloads: bool,
    /// Pods and their chains of owners.
    pub(crate) pods: bool,
    /// Workloads, which have Pod templates.
    pub(crate) templates: bool,
    /// Other objects that only need to exist.
    pub(crate) names: Names,
    /// Whether roles and bindings are not needed, because the server answers.
    pub(crate) without_roles: bool,
    /// The namespaces of the data.
    pub(crate) breadth: Breadth,
    /// Namespaces besides those of the question.
    pub(crate) further_namespaces: Vec<String>,
    /// Whether the command itself checks that its namespaces exist.
    pub(crate) looks_for_namespaces: bool,
    /// Whether the answer is the contents of the named namespaces, so that each must exist.
    pub(crate) reads_namespaces: bool,
    /// Subjects without a namespace, which the manifests can determine.
    pub(crate) unplaced: Vec<Unplaced>,
    /// Whether the input can be empty, in which case it grants nothing.
    pub(crate) may_be_nothing: bool,
    /// The resources of a question, if it is about no others.
    pub(crate) resources: Vec<String>,
    /// Whether to keep the contents of stdin, for locations.
    pub(crate) keeps_stdin: bool,
}

/// The objects whose existence matters for escalation paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Names {
    #[default]
    None,
    /// All, but of ConfigMaps only the one that EKS reads users from.
    Few,
    All,
}

/// The scope of the needed data; `-A` means everything in all namespaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Breadth {
    /// The namespaces of the question.
    #[default]
    Asked,
    /// All namespaces for roles, bindings and ServiceAccounts.
    Roles,
    /// All namespaces for everything.
    All,
}

impl Needs {
    /// Returns the parts of manifests to read. Some namespaces are only known from Pods.
    pub(crate) fn selection(&self) -> Selection {
        match self.names {
            Names::All => return Selection::WithNames,
            Names::Few => return Selection::WithFewNames,
            Names::None => {}
        }
        match self.workloads || self.pods || self.templates || self.namespaces {
            true => Selection::Everything,
            false => Selection::WithoutWorkloads,
        }
    }
}
