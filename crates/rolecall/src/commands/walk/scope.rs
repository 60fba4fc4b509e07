//! The namespaces in which TARGET arguments are looked for, and the objects found there.

use rolecall_rbac::{Binding, Gap, Text};
use rolecall_walk::{RoleName, Target};

use crate::cli::Options;
use crate::error::CommandError;
use crate::load::Session;

/// The kind of a role or binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoleWord {
    Role,
    ClusterRole,
}

/// The namespaces to search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None` for all.
    namespaces: Option<Vec<Text>>,
    /// Whether the input is manifests.
    is_of_input: bool,
}

/// The search result.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// The starting points of walks.
    pub(super) walked: Vec<Target<'a>>,
    /// The roles whose subjects to find.
    pub(super) roles: Vec<RoleName<'a>>,
    /// The bindings whose subjects to find.
    pub(super) bindings: Vec<&'a Binding>,
    /// The namespaces in the arguments.
    pub(super) namespaces: Vec<Text>,
}

impl Scope {
    /// Returns whether to search all namespaces: with -A, and in manifests without -n.
    pub(super) fn is_open(options: &Options) -> bool {
        options.namespace.all_namespaces
            || (options.namespace.namespaces.is_empty()
                && !options.source.filename.is_empty()
                && !options.source.overlay)
    }

    pub(super) fn new(session: &Session, options: &Options) -> Self {
        let namespaces = (!Self::is_open(options)).then(|| session.namespaces(options));
        Self { namespaces, is_of_input: session.live().is_none() }
    }

    /// Returns the scope for namespaces in the arguments.
    pub(super) fn of(namespaces: Vec<Text>) -> Self {
        Self { namespaces: Some(namespaces), is_of_input: false }
    }

    /// Returns the namespaces; `None` for all.
    pub(super) fn namespaces(&self) -> Option<&[Text]> {
        self.namespaces.as_deref()
    }

    pub(super) fn has(&self, namespace: &str) -> bool {
        self.namespaces().is_none_or(|namespaces| namespaces.iter().any(|n| **n == *namespace))
    }

    /// Describes the scope: `in namespace x`.
    pub(super) fn place(&self) -> String {
        match self.namespaces() {
            None if self.is_of_input => "in the input".to_owned(),
            None => "in any namespace".to_owned(),
            Some([namespace]) => format!("in namespace `{namespace}`"),
            Some(namespaces) => format!("in the namespaces `{}`", namespaces.join("`, `")),
        }
    }
}

/// Returns the error for a missing object, which says so if a gap could hide it.
pub(super) fn unless_hidden(
    error: CommandError,
    session: &Session,
    hides: impl Fn(&&Gap) -> bool,
    text: &str,
) -> CommandError {
    let gap = session.authorizer.inventory().gaps().iter().find(hides);
    gap.map_or(error, |gap| {
        CommandError::cluster(format!(
            "`{text}` was not found, but not everything could be read: {gap}"
        ))
    })
}
