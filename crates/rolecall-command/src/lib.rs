//! The requests that command lines make.
#![doc = include_str!("../README.md")]
//!
//! ```text
//! command, args -> [ shell ] -> command lines -> [ kubectl | helm | http ] -> needs
//! ```
//!
//! A command line whose meaning depends on something that the manifest does not show has no needs: this
//! crate can miss a request, but does not invent one.

pub mod annotation;

mod container;
mod helm;
mod http;
mod kept;
mod kubeconfig;
mod kubectl;
mod mask;
mod need;
mod placeholder;
mod release;
mod shell;
mod tool;
mod word;
mod wrapper;

pub use container::{Invocation, Place, invocations};
pub use kept::kept_command;
pub use mask::masked_line;
pub use need::{Need, NeedName, NeedNamespace, NeedTarget};
pub use release::{Operations, ReleasedObject, release_requests};
pub(crate) use word::Word;

use rolecall_rbac::{Catalog, KubernetesVersion};

/// The tools whose command lines are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// kubectl.
    Kubectl,
    /// OpenShift's oc, which has the commands of kubectl, with a few differences.
    Oc,
    /// helm.
    Helm,
    /// curl or wget.
    Http,
}

/// The standard input of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Input {
    /// Unknown or empty.
    #[default]
    Nothing,
    /// Text of the script, with marks for parts that are only known at run time.
    Document(String),
    /// The output of another command line.
    Output(Box<Piped>),
}

/// A command line whose output another reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piped {
    pub(crate) words: Vec<Word>,
    pub(crate) input: Input,
}

/// Returns the requests that a command line makes to the API server.
pub fn needs_of(
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

/// Returns the address on which a command line serves the API with its own identity, as `kubectl proxy` does.
pub fn proxy_address(invocation: &Invocation) -> Option<String> {
    match invocation.tool {
        Tool::Kubectl | Tool::Oc => {
            kubectl::proxy_address(&invocation.words).map(|address| address.to_string())
        }
        Tool::Helm | Tool::Http => None,
    }
}
