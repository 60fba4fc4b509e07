//! Who answers: the evaluator, the server, or both.

use clap::ValueEnum;

use crate::cli::Options;
use crate::error::{CommandError, Hint};

/// Who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// rolecall, from the roles and bindings that it lists; the server, where those it may not list
    /// leave an answer open
    #[default]
    Auto,
    /// rolecall alone
    Local,
    /// The server: access reviews; for many questions reviews of rules, where they tell the same
    /// sooner: those of others by impersonating them, if you may impersonate everybody
    Live,
    /// Both, to tell where they disagree
    Both,
}

impl Mode {
    /// Refuses to ask a server about what is not on it.
    pub(super) fn check(self, options: &Options) -> Result<(), CommandError> {
        let has_files = !options.source.filename.is_empty();
        if matches!(self, Self::Auto | Self::Local) || !has_files {
            return Ok(());
        }
        let error = if options.source.overlay {
            "a server answers without the manifests that are laid over it"
        } else {
            "manifests have no server that could answer"
        };
        Err(CommandError::usage(error)
            .with_hint(Hint::pass("--mode local", "have rolecall answer")))
    }
}
