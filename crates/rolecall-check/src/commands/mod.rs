//! What the containers of a Pod run, as far as their manifests tell.
//!
//! ```text
//! command, args -> [ shell ] -> command lines -> [ kubectl | helm | http ] -> needs
//! ```
//!
//! Everything here errs on the side of silence: a command line whose meaning depends on anything that
//! the manifest does not say needs nothing.

mod container;
mod helm;
mod http;
mod kept;
mod kubeconfig;
mod kubectl;
mod shell;
mod word;
mod wrapper;

pub(crate) use container::{Invocation, invocations};
pub use kept::kept_command;
pub(crate) use word::Word;

use rolecall_rbac::Catalog;

use crate::KubernetesVersion;
use crate::needs::Need;

/// The tools whose command lines are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    /// kubectl.
    Kubectl,
    /// OpenShift's oc, which has the commands of kubectl, a few of them changed.
    Oc,
    /// helm.
    Helm,
    /// curl or wget.
    Http,
}

/// What a command line reads from its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Input {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// A text of the script, with marks for what is only known at run time.
    Document(String),
    /// What another command line prints.
    Output(Box<Piped>),
}

/// A command line whose output another reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piped {
    pub(crate) words: Vec<Word>,
    pub(crate) input: Input,
}

/// Returns what a command line needs of the API server.
pub(crate) fn needs_of(
    invocation: &Invocation,
    catalog: &Catalog,
    version: KubernetesVersion,
) -> Vec<Need> {
    match invocation.tool {
        Tool::Kubectl | Tool::Oc | Tool::Helm if invocation.has_kubeconfig => Vec::new(),
        Tool::Oc if kubectl::is_changed_by_oc(&invocation.words) => Vec::new(),
        Tool::Kubectl | Tool::Oc => {
            kubectl::needs(&invocation.words, &invocation.input, catalog, version)
        }
        Tool::Helm => helm::needs(&invocation.words, version),
        Tool::Http => http::needs(&invocation.words),
    }
}

/// Returns whether a command line lends its identity to whoever reaches a port, and on which address.
pub(crate) fn proxy_address(invocation: &Invocation) -> Option<String> {
    match invocation.tool {
        Tool::Kubectl | Tool::Oc => kubectl::proxy_address(&invocation.words),
        Tool::Helm | Tool::Http => None,
    }
}
