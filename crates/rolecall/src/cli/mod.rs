//! The options that every command takes, help, and command lines in messages.

pub(crate) mod advice;
mod command_line;
mod connection;
pub(crate) mod help;
pub(crate) mod ignored;
mod options;
mod rendering;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

use clap::builder::StyledStr;

use crate::invocation::Invocation;
pub(crate) use command_line::{Given, line, quote};
pub(crate) use options::{
    ClusterOptions, HeldInput, Options, OutputOptions, ShownAs, SourceOptions, command_line,
    parse_duration, source_words,
};
pub(crate) use rendering::RenderMode;

use crate::format::ErrorFormat;
use crate::plain::plain;

/// Names the program in a grammar as it was run.
pub(crate) fn invoked(command: clap::Command) -> clap::Command {
    if crate::invocation::is_plugin() { command.bin_name("kubectl rolecall") } else { command }
}

/// Prints help, the version or a usage error: the first two to stdout.
pub(crate) fn print(error: &clap::Error, arguments: &[OsString], invocation: &Invocation) {
    let mut text = invocation.shown(&error.render().ansi().to_string()).into_owned();
    // File names are untrusted, and become arguments with `rolecall check *`.
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        if let Cow::Owned(harmless) = plain(argument) {
            text = text.replace(argument, &harmless);
        }
    }
    // Ignore errors: the stream is closed.
    let _ = match error.use_stderr() {
        true => write!(anstream::stderr(), "{text}"),
        false => write!(anstream::stdout(), "{text}"),
    };
}

/// Returns the help of a command, or of rolecall itself.
pub(crate) fn help_of(grammar: clap::Command, command: Option<&str>) -> Option<StyledStr> {
    let mut grammar = help::with_layout(invoked(grammar), columns());
    match command {
        None => Some(grammar.render_long_help()),
        Some(name) => grammar.find_subcommand_mut(name).map(|found| found.render_long_help()),
    }
}

/// Returns the list of the options that every command takes.
pub(crate) fn list_options(grammar: &clap::Command) -> String {
    help::options(grammar, columns())
}

/// Returns the width for help: that of the terminal, or the maximum for pipes.
pub(crate) fn columns() -> usize {
    let variable = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    variable
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(100)
}

/// Returns the machine-readable format in the arguments, even if these are invalid.
pub(crate) fn structured_format(arguments: &[OsString]) -> Option<ErrorFormat> {
    let words = arguments.iter().map_while(|argument| argument.to_str().filter(|it| *it != "--"));
    let mut format = None;
    let mut is_next = false;
    for word in words {
        let value = match word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")) {
            _ if std::mem::take(&mut is_next) => Some(word),
            Some("") | None => None,
            Some(value) => Some(value.trim_start_matches('=')),
        };
        is_next = matches!(word, "-o" | "--output");
        format = match value {
            Some("json" | "jsonl") => Some(ErrorFormat::Json),
            Some("yaml") => Some(ErrorFormat::Yaml),
            Some("sarif") => Some(ErrorFormat::Sarif),
            Some("junit") => Some(ErrorFormat::Junit),
            Some("github") => Some(ErrorFormat::Github),
            Some(_) => None,
            None => format,
        };
    }
    format
}
