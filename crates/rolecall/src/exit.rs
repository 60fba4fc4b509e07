//! Exit codes and their precedence.

use std::process::ExitCode;

/// The result of a command for scripts.
///
/// If several apply, the greatest one wins in every command: unreadable input precedes every answer,
/// a "no" or a finding precedes an unknown answer, and an unknown answer precedes a "yes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Yes, or nothing found.
    Yes,
    /// The result depends on something that could not be read.
    Inconclusive,
    /// Denied, or a finding.
    No,
    /// An error: usage, connection or input that cannot be read.
    Failed,
    /// Ctrl-C ended the command; the code is that of a shell.
    Interrupted,
    /// The reader of stdout closed it early; the code is that of SIGPIPE.
    Closed,
}

impl Exit {
    /// Returns the exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Failed => 2,
            Self::Inconclusive => 3,
            Self::Interrupted => 130,
            Self::Closed => 141,
        }
    }

    /// Returns this result if it applies, or [`Exit::Yes`].
    pub(crate) fn when(self, applies: bool) -> Self {
        if applies { self } else { Self::Yes }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_severe_result_wins() {
        for (reasons, expected) in [
            (&[Exit::Yes][..], Exit::Yes),
            (&[Exit::Inconclusive, Exit::Yes], Exit::Inconclusive),
            (&[Exit::Inconclusive, Exit::No], Exit::No),
            (&[Exit::No, Exit::Failed, Exit::Inconclusive], Exit::Failed),
        ] {
            assert_eq!(reasons.iter().max(), Some(&expected));
        }
    }
}
