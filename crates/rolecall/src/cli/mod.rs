//! The command line: its grammar is its help.

mod advice;
mod connection;
mod help;
mod ignored;
mod options;

use std::borrow::Cow;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;

use clap::builder::StyledStr;
use clap::error::ErrorKind;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use rolecall_source::manifests::Defaults;

pub(crate) use options::{ClusterOptions, Options, OutputOptions, parse_duration};

use crate::commands::{Command, grammar_of};
use crate::output::Format;
use crate::render::plain;

/// Shows which identity a Pod has, what it can do, why it was refused, and the YAML that fixes it
///
/// rolecall answers from a live cluster, or with -f from manifests and snapshots, with the same
/// commands and the same answers.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    override_usage = "rolecall [OPTIONS] <COMMAND>",
    after_help = EXAMPLES,
)]
pub(crate) struct Cli<C: Subcommand = Command> {
    #[command(flatten)]
    pub(crate) options: Options,
    /// `-o` before the command's name; each command has its own formats, and reads it itself.
    #[arg(short, long, value_name = "FORMAT", hide = true)]
    output: Option<OsString>,
    #[command(subcommand)]
    pub(crate) command: C,
}

/// No command; the grammar of the one that is asked for is added to it.
#[derive(Debug)]
enum NoCommand {}

impl FromArgMatches for NoCommand {
    fn from_arg_matches(_: &ArgMatches) -> Result<Self, clap::Error> {
        Err(clap::Error::new(ErrorKind::MissingSubcommand))
    }

    fn update_from_arg_matches(&mut self, _: &ArgMatches) -> Result<(), clap::Error> {
        Ok(())
    }
}

impl Subcommand for NoCommand {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        command
    }

    fn has_subcommand(_: &str) -> bool {
        false
    }
}

const EXAMPLES: &str = "\
Examples:
  Can the ServiceAccount `web` of namespace `shop` list Pods?
    rolecall can-i list pods --for sa/web -n shop
  The same question to a folder of manifests
    rolecall can-i list pods --for sa/web -n shop -f deploy/
  Why not?
    rolecall why list pods --for deploy/web -n shop
  Who can read Secrets?
    rolecall who-can get secrets -A

Exit codes: 0 yes or clean; 1 denied or a finding; 2 an error; 3 something that could not be read could
change the answer.

`rolecall COMMAND --help` has examples and details; `rolecall options` lists the options that every
command takes.";

/// A command line that was understood.
pub(crate) struct Parsed {
    /// What is asked.
    pub(crate) cli: Cli,
    /// What is to be said of options that mean nothing here.
    pub(crate) warnings: Vec<String>,
}

/// Parses the arguments; help, the version and usage errors come as an error to print.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Parsed, clap::Error> {
    let error = match try_parse(arguments) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    // Help is laid out only when it is shown.
    let mut shown = help::dress(invoked(grammar()), columns());
    let error = match error.kind() {
        ErrorKind::ArgumentConflict | ErrorKind::ValueValidation => error,
        _ => match shown.try_get_matches_from_mut(arguments) {
            Err(error) => error,
            Ok(_) => error,
        },
    };
    let named = |name: &&str| shown.find_subcommand(name).is_some();
    let mut words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let command = words.find(named);
    Err(advice::with_advice(error, &shown, command))
}

fn try_parse(arguments: &[OsString]) -> Result<Parsed, clap::Error> {
    // The first word that is a command's name nearly always is the command.
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let named = words.into_iter().find_map(grammar_of);
    let parsed = match named
        .map(|named| parse_with(Cli::<NoCommand>::command().subcommand(named), arguments))
    {
        Some(Ok(parsed)) => parsed,
        Some(Err(_)) | None => parse_with(grammar(), arguments)?,
    };
    let Some(format) = parsed.cli.output else { return Ok(parsed) };
    let mut arguments = arguments.to_vec();
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, ["--output".into(), format]);
    parse_with(grammar(), &arguments)
}

fn parse_with(grammar: clap::Command, arguments: &[OsString]) -> Result<Parsed, clap::Error> {
    let mut command = invoked(grammar);
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    if let Some(refused) = ignored::refused(&command, &matches) {
        return Err(command.error(ErrorKind::ArgumentConflict, refused));
    }
    let warnings = ignored::warnings(&command, &matches);
    let name = matches.subcommand_name().unwrap_or_default().to_owned();
    let mut cli: Cli =
        Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
    cli.options.command = name;
    Ok(Parsed { cli, warnings })
}

fn invoked(command: clap::Command) -> clap::Command {
    if is_plugin() { command.bin_name("kubectl rolecall") } else { command }
}

/// Prints help, the version or a usage error: the first two to stdout.
pub(crate) fn print(error: &clap::Error, arguments: &[OsString]) {
    let mut text = as_invoked(&error.render().ansi().to_string()).into_owned();
    // The names of files may be anybody's, and `rolecall check *` takes them for arguments.
    for argument in arguments.iter().filter_map(|argument| argument.to_str()) {
        if let Cow::Owned(harmless) = plain(argument) {
            text = text.replace(argument, &harmless);
        }
    }
    // Nobody is left to tell when the stream is gone.
    let _ = match error.use_stderr() {
        true => write!(anstream::stderr(), "{text}"),
        false => write!(anstream::stdout(), "{text}"),
    };
}

/// Returns the help of a command, or of rolecall itself.
pub(crate) fn help_of(command: Option<&str>) -> Option<StyledStr> {
    let mut grammar = help::dress(invoked(grammar()), columns());
    match command {
        None => Some(grammar.render_long_help()),
        Some(name) => grammar.find_subcommand_mut(name).map(|found| found.render_long_help()),
    }
}

/// Returns the list of the options that every command takes.
pub(crate) fn list_options() -> String {
    help::options(&grammar(), columns())
}

/// Returns the width for help, which pipes get as wide as it may be.
fn columns() -> usize {
    let variable = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    variable
        .or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))
        .unwrap_or(100)
}

/// Returns the format for programs that the arguments ask for, be they understood or not.
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

/// Returns whether kubectl runs this program as its plugin, under which name people type it.
pub(crate) fn is_plugin() -> bool {
    std::env::args_os().next().is_some_and(|program| {
        let stem = Path::new(&program).file_stem();
        stem.is_some_and(|stem| stem.to_string_lossy().starts_with("kubectl-"))
    })
}

/// Returns a message in which commands are written as they were run: `kubectl rolecall` for the plugin.
pub(crate) fn as_invoked(text: &str) -> Cow<'_, str> {
    if !is_plugin() || !text.contains("rolecall ") {
        return Cow::Borrowed(text);
    }
    let grammar = grammar();
    let is_command = |text: &str| {
        let word = text.split(|c: char| c.is_whitespace() || c == '`').next().unwrap_or_default();
        ["COMMAND", "[OPTIONS]"].contains(&word) || grammar.find_subcommand(word).is_some()
    };
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("rolecall ") {
        let (before, after) = rest.split_at(at);
        shown.push_str(before);
        let (word, after) = after.split_at("rolecall ".len());
        if is_command(after) && !before.ends_with("kubectl ") {
            shown.push_str("kubectl ");
        }
        shown.push_str(word);
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Returns the grammar, from which help, completions and the manual are made.
pub(crate) fn grammar() -> clap::Command {
    <Cli>::command()
}

/// Writes a command line that asks the same sources the same way, quoted for a shell.
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
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

/// Quotes a word for a shell where it needs it.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
