//! The documented output: serializable copies of answers, so that the other crates need no serialization.

mod answer;
mod comparison;
mod credential;
mod cut;
mod diagnosis;
mod diff;
pub(crate) mod difference;
mod document;
mod error;
mod findings;
mod fix;
mod holders;
pub(crate) mod matrix;
mod paths;
mod reference;
mod refusals;
mod risks;
mod rules;
mod unused;
mod usage;
mod walk;

use std::io::{self, IsTerminal, Write};

use rolecall_yaml::json;
use serde::Serialize;

pub(crate) use answer::{AccessAnswer, AccessCell, GrantDetails, SubjectDetails};
pub(crate) use comparison::AccessComparison;
pub(crate) use credential::CredentialDetails;
pub(crate) use cut::EscalationCut;
pub(crate) use diagnosis::Diagnosis;
pub(crate) use diff::{AccessDiff, AccessDiffs, TargetDiff};
pub(crate) use difference::AccessMatrixDiff;
pub(crate) use document::{DocumentFormat, write_document};
pub(crate) use error::ErrorDetails;
pub(crate) use findings::Findings;
pub(crate) use fix::{FixPlan, gaps_of};
pub(crate) use holders::{AccessHolders, RequestDetails, missing_account};
pub(crate) use paths::EscalationPaths;
pub(crate) use reference::{ObjectReference, RuleDetails, TextList};
pub(crate) use refusals::{RefusalCause, Refusals};
pub(crate) use risks::Risks;
pub(crate) use rules::{SelfSubjectRulesReview, evaluation_error};
pub(crate) use unused::UnusedReport;
pub(crate) use usage::UsageReport;
pub(crate) use walk::AccessWalk;

use crate::error::CommandError;
pub(crate) use crate::format::{Format, HoldersFormat, MatrixFormat, WalkFormat};
use crate::yaml;

/// The `apiVersion` of rolecall's own kinds.
pub(crate) const API_VERSION: &str = "rolecall.dev/v1";

/// An object of one of rolecall's own kinds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Versioned<'a, T> {
    api_version: &'static str,
    #[serde(flatten)]
    object: &'a T,
}

/// Writes an object of rolecall's own kinds like [`write_structured`].
pub(crate) fn write_versioned(
    out: &mut impl Write,
    format: Format,
    object: &impl Serialize,
) -> Result<(), CommandError> {
    write_structured(out, format, &versioned(object))
}

/// Returns an object of rolecall's own kinds with its `apiVersion`.
fn versioned<T: Serialize>(object: &T) -> impl Serialize {
    Versioned { api_version: API_VERSION, object }
}

/// Writes a value as JSON, indented on a terminal and on one line otherwise, or as YAML; with a
/// trailing newline.
pub(crate) fn write_structured(
    out: &mut impl Write,
    format: Format,
    value: &impl Serialize,
) -> Result<(), CommandError> {
    if format == Format::Yaml {
        yaml::write(out, value)?;
        return Ok(());
    }
    if io::stdout().is_terminal() {
        return Ok(json::write_pretty(out, value)?);
    }
    write_jsonl(out, value)
}

/// Writes a value as one line of JSON.
pub(crate) fn write_jsonl(
    out: &mut impl Write,
    value: &impl Serialize,
) -> Result<(), CommandError> {
    json::write(out, value)?;
    Ok(writeln!(out)?)
}
