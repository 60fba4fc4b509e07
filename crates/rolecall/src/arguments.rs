//! The arguments: their grammar is their help.

use std::convert::Infallible;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::cli::{Given, Options, advice, columns, help, ignored, invoked};
use crate::commands::{Command, grammar_of};

/// Shows the identity and the access of a Pod, the reason for a refusal, and the YAML that fixes it
///
/// rolecall reads a live cluster or, with -f, manifests and snapshots. The commands and answers are
/// the same for both.
#[derive(Debug, Parser)]
#[command(
    name = "rolecall",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    override_usage = "rolecall [OPTIONS] <COMMAND>",
    after_help = include_str!("help/rolecall.txt"),
)]
pub(crate) struct Cli<C: Subcommand = Command> {
    #[command(flatten)]
    pub(crate) options: Options,
    /// `-o` before the command's name. Each command has its own formats, so it is parsed again as an
    /// option of the command.
    #[arg(short, long, value_name = "FORMAT", hide = true)]
    output: Option<OsString>,
    #[command(subcommand)]
    pub(crate) command: C,
}

/// A parsed command line.
pub(crate) struct Parsed {
    /// The arguments.
    pub(crate) cli: Cli,
    /// Warnings about options without an effect.
    pub(crate) warnings: Vec<String>,
}

/// Parses the arguments. Help, the version and usage errors are returned as an error to print.
pub(crate) fn parse(arguments: &[OsString]) -> Result<Parsed, clap::Error> {
    let error = match try_parse(arguments) {
        Ok(parsed) => return Ok(parsed),
        Err(error) => error,
    };
    // Laying out help takes time, so do it only to show it.
    let mut shown = help::with_layout(invoked(grammar()), columns());
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
    Err(advice::with_advice(error, &shown, arguments, command))
}

fn try_parse(arguments: &[OsString]) -> Result<Parsed, clap::Error> {
    // The first word that is the name of a command nearly always is the command.
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    let named = words.into_iter().find_map(grammar_of);
    let parsed = match named
        .map(|named| parse_with(Cli::<Infallible>::command().subcommand(named), arguments))
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
    let given = Given::of(&command, &matches);
    let mut cli: Cli =
        Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))?;
    cli.options.given = given;
    Ok(Parsed { cli, warnings })
}

/// Returns the grammar, the source of help, completions and manual pages.
pub(crate) fn grammar() -> clap::Command {
    <Cli>::command()
}
