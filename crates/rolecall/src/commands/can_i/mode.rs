//! Who answers: the evaluator, the server, or both.

use clap::ValueEnum;

use crate::cli::Options;
use crate::error::{CommandError, Hint};

/// Who answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// rolecall, from the roles and bindings that it lists; access reviews by the server confirm a
    /// single answer, and give those that unread lists leave open. Nobody is impersonated
    #[default]
    Auto,
    /// rolecall alone
    Local,
    /// The server: access reviews. Where you may not create those, and for many questions, the server
    /// is asked as the subject, by impersonation, if you may impersonate it
    Live,
    /// Both, to show where they disagree
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
