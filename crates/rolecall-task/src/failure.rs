//! The failure of a task and its remedy.

use std::fmt;

/// The reason why a task failed and, if there is one, the command or edit that fixes it.
#[derive(Debug)]
pub struct Failure {
    what: String,
    remedy: Option<String>,
}

/// The result of a task.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// Creates a failure from one line without a full stop.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: None }
    }

    /// Adds the command or edit that fixes the failure.
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
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
