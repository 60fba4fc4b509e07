//! The failure of a task and its remedy.

use std::fmt;

/// The reason why a task failed and, if there is one, the command or edit that fixes it.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    remedy: Option<String>,
}

/// The result of a task.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    /// Adds the command or edit that fixes the failure.
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "error: {}", self.what)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, "\nhint: {remedy}"),
            None => Ok(()),
        }
    }
}
