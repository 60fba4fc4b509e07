//! The findings of `doctor`.

use std::path::PathBuf;

use rolecall_source::cluster::{Credential, WhoAmI};

use crate::error::Hint;

/// The result of a diagnosis.
#[derive(Debug)]
pub(crate) struct Found {
    /// The directory with the mounted files.
    pub(crate) directory: PathBuf,
    /// The server.
    pub(crate) server: String,
    /// The namespace for checking permissions.
    pub(crate) namespace: String,
    /// The metadata of the token.
    pub(crate) credential: Option<Credential>,
    /// The identity according to the server.
    pub(crate) who: Option<WhoAmI>,
    /// The steps, in order.
    pub(crate) steps: Vec<Step>,
}

/// A step of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// The subject of the check.
    pub(crate) name: &'static str,
    /// The status.
    pub(crate) status: Status,
    /// The result.
    pub(crate) says: String,
    /// The next steps.
    pub(crate) next: Vec<Hint>,
}

/// The status of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Passed.
    Ok,
    /// Failed.
    Failed,
    /// Inconclusive.
    Unknown,
}

impl Status {
    /// Returns the word for the status.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

impl Step {
    pub(crate) fn ok(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Ok, says)
    }

    pub(crate) fn failed(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Failed, says)
    }

    pub(crate) fn unknown(name: &'static str, says: impl Into<String>) -> Self {
        Self::new(name, Status::Unknown, says)
    }

    #[must_use]
    pub(crate) fn next(mut self, hint: Hint) -> Self {
        self.next.push(hint);
        self
    }

    fn new(name: &'static str, status: Status, says: impl Into<String>) -> Self {
        Self { name, status, says: says.into(), next: Vec::new() }
    }
}
