//! The documented output: mirror types of the answers, serialised here and nowhere below.

mod answer;
mod format;

use std::io::Write;

use serde::Serialize;

pub(crate) use answer::{AccessAnswer, describe_problem, qualified};
pub(crate) use format::Format;

use crate::error::CommandError;

/// The `apiVersion` of everything that rolecall itself defines.
pub(crate) const API_VERSION: &str = "rolecall.dev/v1";

/// Writes a value as indented JSON and a line break.
pub(crate) fn write_json(out: &mut impl Write, value: &impl Serialize) -> Result<(), CommandError> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)?;
    Ok(())
}

/// Writes a value as YAML.
pub(crate) fn write_yaml(out: &mut impl Write, value: &impl Serialize) -> Result<(), CommandError> {
    serde_yaml::to_writer(out, value)
        .map_err(|error| CommandError::from(std::io::Error::other(error)))
}
