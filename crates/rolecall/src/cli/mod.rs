//! The command line: its grammar is its help.

mod options;

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory, FromArgMatches, Parser};
use rolecall_source::manifests::Defaults;

pub(crate) use options::{ClusterOptions, Options, OutputOptions, parse_duration};

use crate::commands::Command;

/// Who is this Pod, what may it do, why was it refused, and what YAML mends it?
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
    max_term_width = 100,
    after_help = EXAMPLES,
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    /// `-o` before the command's name; each command has its own formats, and reads it itself.
    #[arg(short, long, value_name = "FORMAT", hide = true)]
    output: Option<OsString>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  May the ServiceAccount `web` of namespace `shop` list Pods?
    rolecall can-i list pods --for sa/web -n shop
  The same question to a folder of manifests
    rolecall can-i list pods --for sa/web -n shop -f deploy/
  Why not?
    rolecall why list pods --for deploy/web -n shop
  Who may read Secrets?
    rolecall who-can get secrets -A

Exit codes: 0 yes or clean; 1 denied or a finding; 2 it could not be done; 3 something that was not
read decides it.";

/// Parses the arguments; help, the version and usage errors come as an error to print.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut arguments: Vec<OsString> = arguments.collect();
    let cli = parse_once(&arguments)?;
    let Some(format) = cli.output else { return Ok(cli) };
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    arguments.splice(end..end, ["--output".into(), format]);
    parse_once(&arguments)
}

fn parse_once(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    let mut command = grammar();
    if is_plugin() {
        command = command.bin_name("kubectl rolecall");
    }
    let mut matches = command.try_get_matches_from_mut(arguments)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
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
    let mut shown = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(at) = rest.find("rolecall ") {
        let (before, after) = rest.split_at(at);
        shown.push_str(before);
        // A command stands in backquotes, behind a pipe or at the start of a line.
        if before.ends_with(['`', '\n']) || before.ends_with("| ") || before.trim().is_empty() {
            shown.push_str("kubectl ");
        }
        let (word, after) = after.split_at("rolecall ".len());
        shown.push_str(word);
        rest = after;
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Returns the grammar, from which help, completions and the manual are made.
pub(crate) fn grammar() -> clap::Command {
    Cli::command()
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
