//! The options that every command takes, help, and command lines in messages.

pub(crate) mod advice;
mod connection;
pub(crate) mod help;
pub(crate) mod ignored;
mod options;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;

use clap::builder::StyledStr;
use rolecall_source::manifests::Defaults;

use crate::invocation::{Invocation, as_invoked};
pub(crate) use options::{ClusterOptions, Options, OutputOptions, parse_duration};

use crate::format::Format;
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
pub(crate) fn structured_format(arguments: &[OsString]) -> Option<Format> {
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
            Some("json") => Some(Format::Json),
            Some("yaml") => Some(Format::Yaml),
            Some(_) => None,
            None => format,
        };
    }
    format
}

/// Returns a command line with the given words and the same sources and connection, quoted for a shell.
pub(crate) fn command_line(words: Vec<&str>, options: &Options) -> String {
    let mut words: Vec<String> = words.into_iter().map(str::to_owned).collect();
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), value.to_owned()]);
    for namespace in &options.namespace.namespaces {
        option("-n", namespace);
    }
    for path in &options.source.filename {
        option("-f", &path.to_string_lossy());
    }
    if options.source.defaults != Defaults::Auto {
        option("--defaults", options::defaults_word(options.source.defaults));
    }
    let cluster = &options.cluster;
    let kubeconfig = cluster.kubeconfig.as_ref().map(|path| path.to_string_lossy().into_owned());
    let valued = [
        ("--kubeconfig", &kubeconfig),
        ("--context", &cluster.context),
        ("--as", &cluster.as_user),
    ];
    for (name, value) in valued {
        if let Some(value) = value {
            option(name, value);
        }
    }
    for group in &cluster.as_groups {
        option("--as-group", group);
    }
    for (name, value) in
        cluster.connection.shown().into_iter().chain(cluster.connection.impersonation())
    {
        if value.is_empty() {
            words.push(name.to_owned());
        } else {
            words.extend([name.to_owned(), value]);
        }
    }
    if options.source.overlay {
        words.push("--overlay".to_owned());
    }
    if options.namespace.all_namespaces {
        words.push("-A".to_owned());
    }
    let line = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    as_invoked(&line).into_owned()
}

/// Quotes a word for a shell if necessary.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
