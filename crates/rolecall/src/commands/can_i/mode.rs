//! The source of the answers: the evaluator, the server, or both.

use clap::ValueEnum;

use crate::cli::Options;
use crate::error::{CommandError, Hint};

/// The source of the answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Evaluate the roles and bindings that can be listed; access reviews of the server confirm a
    /// single answer and settle answers that depend on unreadable lists. Never impersonates
    #[default]
    Auto,
    /// Evaluate roles and bindings only
    Local,
    /// Ask the server with access reviews. For many questions, or if you cannot create reviews, ask it
    /// as the subject by impersonation, if you can impersonate it
    Live,
    /// Do both, and show where they disagree
    Both,
}

impl Mode {
    /// Rejects a mode that asks the server about manifests.
    pub(super) fn check(self, options: &Options) -> Result<(), CommandError> {
        let has_files = !options.source.filename.is_empty();
        if matches!(self, Self::Auto | Self::Local) || !has_files {
            return Ok(());
        }
        let error = if options.source.overlay {
            "a server's answers do not include the manifests of `--overlay`"
        } else {
            "there is no server to ask about manifests"
        };
        Err(CommandError::usage(error).with_hint(Hint::pass("--mode local", "let rolecall answer")))
    }
}
