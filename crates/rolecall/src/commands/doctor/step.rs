//! One thing that has to be right, and whether it is.

use crate::error::Hint;

/// One step of the diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// What is looked at.
    pub(crate) name: &'static str,
    /// Whether it is right.
    pub(crate) status: Status,
    /// What was found.
    pub(crate) says: String,
    /// What to do next.
    pub(crate) next: Vec<Hint>,
}

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is as it should be.
    Ok,
    /// It is not.
    Failed,
    /// It could not be found out.
    Unknown,
}

impl Status {
    /// Returns the word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Step {
    pub(super) fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Ok, says)
    }

    pub(super) fn failed(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Failed, says)
    }

    pub(super) fn unknown(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Unknown, says)
    }

    #[must_use]
    pub(super) fn next(mut self, hint: Hint) -> Self {
        self.next.push(hint);
        self
    }

    fn new(name: &'static str, status: Status, says: impl Into<String>) -> Self {
        Self { name, status, says: says.into(), next: Vec::new() }
    }
}
