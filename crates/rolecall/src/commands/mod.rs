//! One file a command: its arguments, whose doc comments are its help, and what it does.

pub(crate) mod can_i;
mod check;
mod completions;
pub(crate) mod diff;
pub(crate) mod doctor;
mod explain;
pub(crate) mod fix;
mod help;
mod man;
mod options;
mod rules;
mod snapshot;
mod version;
mod walk;
mod who_can;
mod whoami;
mod why;

use clap::Subcommand;

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
    Rules(rules::Arguments),
    Check(check::Arguments),
    Explain(explain::Arguments),
    Diff(diff::Arguments),
    Fix(fix::Arguments),
    Whoami(whoami::Arguments),
    Snapshot(snapshot::Arguments),
    Doctor(doctor::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    Options(options::Arguments),
    Version(version::Arguments),
    Help(help::Arguments),
}

impl Command {
    /// Runs the command.
    pub(crate) fn run(&self, ui: &Ui, options: &Options) -> Result<Exit, CommandError> {
        match self {
            Self::CanI(arguments) => can_i::run(ui, options, arguments),
            Self::Why(arguments) => why::run(ui, options, arguments),
            Self::Walk(arguments) => walk::run(ui, options, arguments),
            Self::WhoCan(arguments) => who_can::run(ui, options, arguments),
            Self::Rules(arguments) => rules::run(ui, options, arguments),
            Self::Check(arguments) => check::run(ui, options, arguments),
            Self::Explain(arguments) => explain::run(ui, arguments),
            Self::Diff(arguments) => diff::run(ui, options, arguments),
            Self::Fix(arguments) => fix::run(ui, options, arguments),
            Self::Whoami(arguments) => whoami::run(ui, options, arguments),
            Self::Snapshot(arguments) => snapshot::run(ui, options, arguments),
            Self::Doctor(arguments) => doctor::run(ui, options, arguments),
            Self::Completions(arguments) => completions::run(ui, arguments),
            Self::Man(arguments) => man::run(ui, arguments),
            Self::Options(arguments) => options::run(ui, arguments),
            Self::Version(arguments) => version::run(ui, arguments),
            Self::Help(arguments) => help::run(ui, arguments),
        }
    }
}
