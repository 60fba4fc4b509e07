//! The findings of `doctor`.

use std::path::PathBuf;

use rolecall_source::cluster::{Credential, WhoAmI};

use crate::error::Hint;

/// Everything that was found.
#[derive(Debug)]
pub(crate) struct Found {
    /// The folder that was looked at.
    pub(crate) directory: PathBuf,
    /// The server that was asked.
    pub(crate) server: String,
    /// The namespace in which rights are asked for.
    pub(crate) namespace: String,
    /// What the token says of itself.
    pub(crate) credential: Option<Credential>,
    /// Who this is to the server.
    pub(crate) who: Option<WhoAmI>,
    /// The steps, in their order.
    pub(crate) steps: Vec<Step>,
}

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
