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

impl Exit {
    /// Returns the number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Failed => 2,
            Self::Inconclusive => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
