//! One module per command. The doc comments of its arguments are its help.

pub(crate) mod can_i;
mod check;
mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
mod explain;
mod fail_level;
pub(crate) mod fix;
mod help;
mod man;
mod options;
pub(crate) mod paths;
mod report;
mod risks;
mod rules;
mod serve;
mod snapshot;
mod targets;
mod tighten;
mod unused;
mod usage;
mod version;
mod walk;
mod who_can;
mod whoami;
mod why;

use std::io::Write;

use clap::{Args, Subcommand};

use crate::cli::Options;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    CanI(can_i::Arguments),
    Why(why::Arguments),
    Walk(walk::Arguments),
    WhoCan(who_can::Arguments),
    Paths(paths::Arguments),
    Risks(risks::Arguments),
    Rules(rules::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    Diff(diff::Arguments),
    Report(report::Arguments),
    Serve(serve::Arguments),
    Fix(fix::Arguments),
    Usage(usage::Arguments),
    Unused(unused::Arguments),
    Tighten(tighten::Arguments),
    Whoami(whoami::Arguments),
    Snapshot(snapshot::Arguments),
    Targets(targets::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Options(options::Arguments),
    Version(version::Arguments),
    Help(help::Arguments),
}

/// Adds a command's arguments to its grammar.
type Augment = fn(clap::Command) -> clap::Command;

/// The grammar of each command.
const GRAMMARS: [(&str, Augment); 25] = [
    ("can-i", can_i::Arguments::augment_args),
    ("why", why::Arguments::augment_args),
    ("walk", walk::Arguments::augment_args),
    ("who-can", who_can::Arguments::augment_args),
    ("paths", paths::Arguments::augment_args),
    ("risks", risks::Arguments::augment_args),
    ("rules", rules::Arguments::augment_args),
    ("check", check::Arguments::augment_args),
    ("explain", explain::Arguments::augment_args),
    ("diff", diff::Arguments::augment_args),
    ("report", report::Arguments::augment_args),
    ("serve", serve::Arguments::augment_args),
    ("fix", fix::Arguments::augment_args),
    ("usage", usage::Arguments::augment_args),
    ("unused", unused::Arguments::augment_args),
    ("tighten", tighten::Arguments::augment_args),
    ("whoami", whoami::Arguments::augment_args),
    ("snapshot", snapshot::Arguments::augment_args),
    ("targets", targets::Arguments::augment_args),
    ("doctor", doctor::Arguments::augment_args),
    ("completions", completions::Arguments::augment_args),
    ("man", man::Arguments::augment_args),
    ("options", options::Arguments::augment_args),
    ("version", version::Arguments::augment_args),
    ("help", help::Arguments::augment_args),
];

/// Returns the grammar of a single command, which is much faster to build than all of them.
pub(crate) fn grammar_of(name: &str) -> Option<clap::Command> {
    let (name, augment) = GRAMMARS.iter().find(|(known, _)| *known == name)?;
    Some(augment(clap::Command::new(*name)))
}

impl Command {
    /// Runs the command. If the input has alternatives, such as two overlays of one base, it is run for each
    /// of them, unless the output is a single document.
    pub(crate) fn run(
        &self,
        ui: &Ui,
        options: &Options,
        grammar: fn() -> clap::Command,
    ) -> Result<Exit, CommandError> {
        let error = match self.run_once(ui, options, grammar) {
            Err(error) if !error.worlds().is_empty() && self.answers_in_prose() => error,
            result => return result,
        };
        let mut exit = Exit::Yes;
        for (number, world) in error.worlds().iter().enumerate() {
            let mut options = options.clone();
            options.source.render.target = Vec::new();
            options.source.render.chosen = Some(world.clone());
            let given = options.given.without("target");
            options.given = given.with_option("target", "target", world.clone());
            let name = world.first().map(String::as_str).unwrap_or_default();
            let mut out = ui.stdout();
            writeln!(out, "{}target {name}:", if number > 0 { "\n" } else { "" })?;
            out.flush()?;
            drop(out);
            exit = exit.max(self.run_once(ui, &options, grammar)?);
        }
        Ok(exit)
    }

    /// Returns whether the command answers a question in text, which can be repeated for each alternative.
    fn answers_in_prose(&self) -> bool {
        match self {
            Self::CanI(arguments) => arguments.is_prose(),
            Self::Why(arguments) => arguments.is_prose(),
            Self::Walk(arguments) => arguments.is_prose(),
            Self::WhoCan(arguments) => arguments.is_prose(),
            Self::Rules(arguments) => arguments.is_prose(),
            _ => false,
        }
    }

    /// Returns whether the output can be long, so that a terminal shows it in a pager.
    pub(crate) fn is_long(&self) -> bool {
        matches!(
            self,
            Self::CanI(_)
                | Self::Why(_)
                | Self::Walk(_)
                | Self::WhoCan(_)
                | Self::Paths(_)
                | Self::Risks(_)
                | Self::Rules(_)
                | Self::Check(_)
                | Self::Explain(_)
                | Self::Diff(_)
                | Self::Usage(_)
                | Self::Unused(_)
                | Self::Targets(_)
        )
    }

    fn run_once(
        &self,
        ui: &Ui,
        options: &Options,
        grammar: fn() -> clap::Command,
    ) -> Result<Exit, CommandError> {
        match self {
            Self::CanI(arguments) => can_i::run(ui, options, arguments),
            Self::Why(arguments) => why::run(ui, options, arguments),
            Self::Walk(arguments) => walk::run(ui, options, arguments),
            Self::WhoCan(arguments) => who_can::run(ui, options, arguments),
            Self::Paths(arguments) => paths::run(ui, options, arguments),
            Self::Risks(arguments) => risks::run(ui, options, arguments),
            Self::Rules(arguments) => rules::run(ui, options, arguments),
            Self::Check(arguments) => check::run(ui, options, arguments),
            Self::Explain(arguments) => explain::run(ui, arguments),
            Self::Diff(arguments) => diff::run(ui, options, arguments),
            Self::Report(arguments) => report::run(ui, options, arguments),
            Self::Serve(arguments) => serve::run(ui, options, arguments),
            Self::Fix(arguments) => fix::run(ui, options, arguments),
            Self::Usage(arguments) => usage::run(ui, options, arguments),
            Self::Unused(arguments) => unused::run(ui, options, arguments),
            Self::Tighten(arguments) => tighten::run(ui, options, arguments),
            Self::Whoami(arguments) => whoami::run(ui, options, arguments),
            Self::Snapshot(arguments) => snapshot::run(ui, options, arguments),
            Self::Targets(arguments) => targets::run(ui, options, arguments),
            Self::Doctor(arguments) => doctor::run(ui, options, arguments),
            Self::Completions(arguments) => completions::run(ui, arguments),
            Self::Man(arguments) => man::run(ui, arguments, grammar()),
            Self::Options(arguments) => options::run(ui, arguments, &grammar()),
            Self::Version(arguments) => version::run(ui, arguments),
            Self::Help(arguments) => help::run(ui, arguments, grammar()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_a_single_command_is_complete() {
        let all = Command::augment_subcommands(clap::Command::new("rolecall"));
        let names: Vec<&str> = all.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(GRAMMARS.map(|(name, _)| name).to_vec(), names);
        // The place of a command among all others is not a part of its grammar.
        for (place, command) in all.get_subcommands().enumerate() {
            let alone = grammar_of(command.get_name()).map(|alone| alone.display_order(place));
            assert_eq!(format!("{alone:?}"), format!("{:?}", Some(command)));
        }
    }
}
