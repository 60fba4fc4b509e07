//! Errors in machine-readable formats, for programs that expect an answer on stdout.

use serde::Serialize;

use crate::error::CommandError;
use crate::invocation::as_invoked;

/// The error of a command.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "Error")]
pub(crate) struct ErrorDetails {
    error: String,
    /// The causes, the direct one first.
    causes: Vec<String>,
    /// The hints.
    hints: Vec<String>,
}

impl ErrorDetails {
    /// Copies the error of a command.
    pub(crate) fn new(error: &CommandError) -> Self {
        let mut chain = error.chain().into_iter();
        let message = chain.next().unwrap_or_default();
        let hints = error.hints().iter().map(ToString::to_string).collect();
        Self::with(message, chain.collect(), hints)
    }

    /// Copies a usage error.
    pub(crate) fn of_usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let mut paragraphs = text.split("\n\n");
        let message = paragraphs.next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        let tips =
            paragraphs.flat_map(str::lines).filter_map(|line| line.trim().strip_prefix("tip: "));
        let hints = tips.map(str::to_owned).collect();
        Self::with(message, Vec::new(), hints)
    }

    /// Returns the error and its causes in one sentence.
    pub(crate) fn sentence(&self) -> String {
        let causes = self.causes.iter().map(String::as_str);
        std::iter::once(&*self.error).chain(causes).collect::<Vec<_>>().join(": ")
    }

    fn with(error: String, causes: Vec<String>, hints: Vec<String>) -> Self {
        let as_run = |text: String| as_invoked(&text).into_owned();
        Self {
            error: as_run(error),
            causes: causes.into_iter().map(as_run).collect(),
            hints: hints.into_iter().map(as_run).collect(),
        }
    }
}
