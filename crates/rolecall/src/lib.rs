//! RBAC troubleshooting and audit for Kubernetes: the command line.
//!
//! ```text
//! [ arguments ] -> [ commands ] -> [ load ] -> Session (Authorizer, Catalog)
//!                              |                         |
//!                              v                         v
//!                   [ render ] [ output ]  <-  answers of rolecall-rbac and related crates
//! ```
//!
//! Only this crate parses arguments, prints, colors, gives hints and decides exit codes. Data goes to
//! stdout; notes, warnings, errors and hints go to stderr.

mod advice;
mod answer;
mod arguments;
mod built_in;
mod captured;
mod checked;
mod cli;
mod commands;
mod completion;
mod config;
mod csv;
mod decide;
mod diff_source;
mod drift;
mod error;
mod exit;
mod explain;
mod file;
mod finding_words;
mod format;
mod git;
mod implied_group;
mod input_report;
mod interrupt;
mod invocation;
mod kind;
mod listing;
mod live;
mod load;
mod load_targets;
mod locate;
mod located;
mod needs;
mod note;
mod output;
mod pager;
mod path_changes;
mod place;
mod plain;
mod proposal;
mod question;
mod region;
mod remedy;
mod render;
mod report;
mod resolved;
mod risk_words;
mod runners;
mod set_aside;
mod shell;
mod slow_input;
mod starts;
mod stream;
mod stream_namespace;
mod subject;
mod targets;
mod text;
mod time;
mod ui;
mod unread_holders;
mod unrendered;
mod usage;
mod words;
mod yaml;

use std::ffi::OsString;
use std::process::ExitCode;

use arguments::Parsed;
use exit::Exit;
use format::ErrorFormat;
use invocation::Invocation;
use output::{ErrorDetails, Format};
use render::findings;
use ui::Ui;

/// Runs the command in the process arguments.
pub fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(exit) = completion::answer(&arguments) {
        return exit;
    }
    if let Some(exit) = usage::parquet::decode(&arguments) {
        return exit;
    }
    let format = cli::structured_format(&arguments);
    let Parsed { cli, warnings } = match arguments::parse(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return print_usage(&error, &arguments, format),
    };
    let mut ui = Ui::new(&cli.options.output, Invocation::new(arguments::grammar));
    ui.start_logging();
    for warning in warnings {
        ui.warn(warning);
    }
    if cli.command.is_long() {
        ui.page();
    }
    let exit = run(&cli, &ui, format);
    ui.finish();
    exit.into()
}

/// Runs the command, and reports its error.
fn run(cli: &arguments::Cli, ui: &Ui, format: Option<ErrorFormat>) -> Exit {
    match cli.command.run(ui, &cli.options, arguments::grammar) {
        Ok(exit) => exit,
        // The reader of the output has closed it before all questions were answered.
        Err(error) if error.is_broken_pipe() => Exit::Closed,
        Err(error) => {
            ui.error(&error);
            if let Some(format) = format.filter(|_| !ui.has_written()) {
                write_error(&ErrorDetails::new(&error), format);
            }
            if error.is_interrupted() { Exit::Interrupted } else { Exit::Failed }
        }
    }
}

/// Prints help, the version or a usage error: the first two to stdout and with success.
fn print_usage(
    error: &clap::Error,
    arguments: &[OsString],
    format: Option<ErrorFormat>,
) -> ExitCode {
    cli::print(error, arguments, &Invocation::new(arguments::grammar));
    if !error.use_stderr() {
        return Exit::Yes.into();
    }
    // Reports of CI are about the input.
    if let Some(format @ (ErrorFormat::Json | ErrorFormat::Yaml)) = format {
        write_error(&ErrorDetails::of_usage(error), format);
    }
    Exit::Failed.into()
}

/// Writes an error for a program that expects an answer on stdout.
fn write_error(error: &ErrorDetails, format: ErrorFormat) {
    let out = &mut std::io::stdout();
    let written = match format {
        ErrorFormat::Json => output::write_versioned(out, Format::Json, error),
        ErrorFormat::Yaml => output::write_versioned(out, Format::Yaml, error),
        ErrorFormat::Sarif => {
            findings::write_failure(out, error.sentence(), findings::sarif::write)
        }
        ErrorFormat::Junit => {
            findings::write_failure(out, error.sentence(), findings::junit::write)
        }
        ErrorFormat::Github => {
            findings::write_failure(out, error.sentence(), findings::write_github)
        }
    };
    // Ignore errors: stdout is closed.
    drop(written);
}
