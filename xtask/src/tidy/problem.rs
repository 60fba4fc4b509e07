//! A violation of a rule.

use std::fmt;

/// A violated rule with its position and fix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Problem {
    pub(super) path: String,
    /// The one-based line; 0 for the whole file.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.path)?;
        if self.line > 0 {
            write!(formatter, ":{}", self.line)?;
        }
        write!(formatter, ": {}\n  hint: {}", self.what, self.remedy)
    }
}
