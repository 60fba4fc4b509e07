//! The namespaces in which TARGET arguments are looked for, and the objects found there.

use rolecall_rbac::{Binding, Gap, Text};
use rolecall_walk::{RoleName, Target};

use crate::cli::Options;
use crate::error::CommandError;
use crate::load::Session;

/// Which kind of role is meant, or of binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoleWord {
    Role,
    ClusterRole,
}

/// The namespaces in which names are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// `None` for all.
    namespaces: Option<Vec<Text>>,
    /// Whether they are those of manifests.
    is_of_input: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found<'a> {
    /// Where walks start.
    pub(super) walked: Vec<Target<'a>>,
    /// The roles whose holders are wanted.
    pub(super) roles: Vec<RoleName<'a>>,
    /// The bindings whose subjects are wanted.
    pub(super) bindings: Vec<&'a Binding>,
    /// The namespaces that were named as targets.
    pub(super) namespaces: Vec<Text>,
}

impl Scope {
    /// Returns whether all namespaces are looked through: with -A, and in manifests without -n.
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

    /// Returns the scope of namespaces that are named as targets.
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

    /// Says where was looked: `in namespace x`.
    pub(super) fn place(&self) -> String {
        match self.namespaces() {
            None if self.is_of_input => "in the input".to_owned(),
            None => "in any namespace".to_owned(),
            Some([namespace]) => format!("in namespace `{namespace}`"),
            Some(namespaces) => format!("in the namespaces `{}`", namespaces.join("`, `")),
        }
    }
}

/// Returns the error that something does not exist; or that it was not found, when something unread
/// may hide it.
pub(super) fn unless_hidden(
    error: CommandError,
    session: &Session,
    hides: impl Fn(&&Gap) -> bool,
    text: &str,
) -> CommandError {
    let gap = session.authorizer.inventory().gaps().iter().find(hides);
    gap.map_or(error, |gap| {
        CommandError::cluster(format!("`{text}` was not found, and this was not read: {gap}"))
    })
}
