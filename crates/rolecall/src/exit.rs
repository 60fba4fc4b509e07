//! Exit codes: what they mean, and which one counts when there are several reasons.

use std::process::ExitCode;

/// How a command ends, as scripts see it.
///
/// The order is the rule of all commands: of several reasons the greatest counts. What could not be
/// read at all outweighs every answer, a "no" or a finding outweighs what is open, and what is open
/// outweighs a "yes".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Yes, or nothing found.
    Yes,
    /// Something that could not be read could change the result.
    Inconclusive,
    /// Denied, or a finding.
    No,
    /// An error: usage, connection or input that cannot be read.
    Failed,
    /// Ctrl-C ended it, as a shell reports it.
    Interrupted,
    /// The reader of stdout left before everything was answered, as SIGPIPE would end it.
    Closed,
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
            Self::Closed => 141,
        }
    }

    /// Returns this exit when something gives reason to it, else [`Exit::Yes`].
    pub(crate) fn when(self, is_given: bool) -> Self {
        if is_given { self } else { Self::Yes }
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
    fn the_gravest_reason_counts() {
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
