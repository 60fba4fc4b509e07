//! Exit codes.

use std::process::ExitCode;

/// How a command ends, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Yes, or nothing found.
    Yes,
    /// Denied, or a finding.
    No,
    /// It could not be done: usage, connection or unreadable input.
    Failed,
    /// Something that was not read decides it.
    Inconclusive,
    /// Ctrl-C ended it, as a shell tells it.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Yes => 0,
            Exit::No => 1,
            Exit::Failed => 2,
            Exit::Inconclusive => 3,
            Exit::Interrupted => 130,
        })
    }
}
