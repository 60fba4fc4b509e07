//! Reads audit logs: files, directories, patterns and stdin, compressed or not.

mod evidence;
mod input;
pub(crate) mod parquet;
mod pipeline;
mod progress;
mod rights;
mod words;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use rolecall_usage::{Format, Limits, Tally};

use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::slow_input::SlowInputNote;
use crate::ui::Ui;
pub(crate) use evidence::{Evidence, EvidenceArguments, Kept, warn_of_gaps};
pub(crate) use rights::{RightsUse, SubjectUse, rights_of};
pub(crate) use words::{coverage_lines, request_words, subject_glob, subject_words, time_words};

/// The formats of logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Detect the format of each record
    #[default]
    Auto,
    /// JSON lines and EventLists of the API server
    Native,
    /// CloudWatch Logs
    Eks,
    /// Cloud Logging
    Gke,
    /// Diagnostic logs and tables of Azure Monitor
    Aks,
    /// `oc adm node-logs` and must-gather
    Openshift,
}

/// Logs that were read.
pub(crate) struct Logs {
    /// The requests in them.
    pub(crate) tally: Tally,
    /// The inputs that could only be read in part.
    pub(crate) partial: Vec<String>,
}

/// A part of the files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shard {
    /// The index of the part, from 0.
    pub(crate) index: usize,
    /// The number of parts.
    pub(crate) count: usize,
}

/// Reads the logs that paths name.
pub(crate) fn read(
    ui: &Ui,
    paths: &[PathBuf],
    format: LogFormat,
    limits: Limits,
) -> Result<Logs, CommandError> {
    read_part(ui, paths, Shard { index: 0, count: 1 }, format, limits)
}

/// Reads logs that must contain events, and returns the exit code for unreadable parts of them.
pub(crate) fn read_evidence(
    ui: &Ui,
    paths: &[PathBuf],
    format: LogFormat,
) -> Result<(Logs, Exit), CommandError> {
    let logs = read(ui, paths, format, Limits::default())?;
    let exit = logs.report(ui);
    if logs.tally.coverage().events() == 0 {
        let what = "the logs contain no events, so they show nothing about unused rights";
        return Err(CommandError::input(what).with_hint(Hint::pass(
            "--usage LOG",
            "read an audit log or a summary of `rolecall usage`",
        )));
    }
    Ok((logs, exit))
}

/// Reads a part of the logs that paths name.
pub(crate) fn read_part(
    ui: &Ui,
    paths: &[PathBuf],
    shard: Shard,
    format: LogFormat,
    limits: Limits,
) -> Result<Logs, CommandError> {
    let inputs = input::find(paths)?;
    let inputs: Vec<PathBuf> =
        inputs.into_iter().skip(shard.index).step_by(shard.count.max(1)).collect();
    let _note = SlowInputNote::start(ui, inputs.iter().map(PathBuf::as_path));
    pipeline::read(ui, &inputs, format_of(format), limits)
}

/// Returns the format that is forced.
pub(crate) fn format_of(format: LogFormat) -> Option<Format> {
    match format {
        LogFormat::Auto => None,
        LogFormat::Native => Some(Format::Native),
        LogFormat::Eks => Some(Format::Eks),
        LogFormat::Gke => Some(Format::Gke),
        LogFormat::Aks => Some(Format::Aks),
        LogFormat::Openshift => Some(Format::OpenShift),
    }
}

impl Logs {
    /// Reports on stderr what could not be read, and returns the exit code for it.
    pub(crate) fn report(&self, ui: &Ui) -> Exit {
        for partial in &self.partial {
            ui.warn(partial);
        }
        let coverage = self.tally.coverage();
        let lines = |number: u64| if number == 1 { "line" } else { "lines" };
        if coverage.unreadable > 0 {
            let number = coverage.unreadable;
            ui.warn(format!("{number} {} could not be read as audit events", lines(number)));
        }
        if coverage.truncated > 0 && self.partial.is_empty() {
            ui.note(
                "the last line is incomplete, as is usual for a log that is still being written",
            );
        }
        if coverage.other > 0 {
            let number = coverage.other;
            let what = if number == 1 { "record is" } else { "records are" };
            ui.note(format!("{number} {what} not from the audit log of an API server"));
        }
        if coverage.events() == 0 {
            ui.warn("the logs contain no audit events");
            let what = "read logs in a format that is not recognized";
            ui.suggest(Hint::pass("--format FORMAT", what));
        } else if coverage.events() == coverage.received {
            ui.warn(
                "the audit policy omits all stages with an answer, so the outcome of requests is \
                 not known",
            );
        }
        let nothing = coverage.events() == coverage.received;
        Exit::Inconclusive.when(nothing || coverage.unreadable > 0 || !self.partial.is_empty())
    }
}

/// Returns whether a path is stdin.
fn is_stdin(path: &Path) -> bool {
    path == Path::new("-")
}
