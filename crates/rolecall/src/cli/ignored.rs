//! Options without an effect on the command.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use super::help::{Meaning, meaning};

/// Cluster options that also affect manifests.
const ABOUT_ME: [&str; 2] = ["as_user", "as_groups"];

/// Returns an error message for the first option that has no effect on the command.
pub(crate) fn refused(grammar: &Command, matches: &ArgMatches) -> Option<String> {
    let (command, of_command) = matches.subcommand()?;
    let given = given(grammar, of_command);
    let option = given.into_iter().find(|option| meaning(command, option) == Meaning::Nothing)?;
    Some(format!("`{command}` does not use `{}`", name(option)))
}

/// Returns warnings about cluster options for commands that only read files.
pub(crate) fn warnings(grammar: &Command, matches: &ArgMatches) -> Vec<String> {
    let Some((command, of_command)) = matches.subcommand() else { return Vec::new() };
    if !reads_manifests_only(command, of_command) {
        return Vec::new();
    }
    let options = given(grammar, of_command).into_iter().filter(|option| {
        option.get_help_heading() == Some("Cluster")
            && !ABOUT_ME.contains(&option.get_id().as_str())
    });
    options.map(|option| format!("`{}` has no effect on manifests", name(option))).collect()
}

fn reads_manifests_only(command: &str, matches: &ArgMatches) -> bool {
    let is_given = |id: &str| {
        matches!(matches.try_contains_id(id), Ok(true))
            && matches.value_source(id) == Some(ValueSource::CommandLine)
    };
    if is_given("overlay") {
        return false;
    }
    match command {
        "diff" => ["old", "new"].iter().all(|id| {
            let side = matches.try_get_one::<String>(id).ok().flatten();
            side.is_some_and(|side| {
                let source = side.split(':').next();
                !matches!(source, Some("cluster" | "overlay" | "context"))
            })
        }),
        "check" | "report" | "serve" => is_given("filename") || is_given("paths"),
        _ => is_given("filename"),
    }
}

/// Returns the global options in the arguments.
fn given<'g>(grammar: &'g Command, matches: &ArgMatches) -> Vec<&'g Arg> {
    let is_given = |option: &&Arg| {
        option.is_global_set()
            && matches.value_source(option.get_id().as_str()) == Some(ValueSource::CommandLine)
    };
    grammar.get_arguments().filter(is_given).collect()
}

/// Returns an option as it is written on a command line.
fn name(option: &Arg) -> String {
    match (option.get_long(), option.get_short()) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => option.get_id().to_string(),
    }
}
