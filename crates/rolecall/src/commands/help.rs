use std::io::Write;

use clap::Args;

use crate::cli;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::ui::Ui;

/// Show the help of rolecall or one of its commands
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The command [default: rolecall itself]
    command: Option<String>,
}

/// Prints the help.
pub(crate) fn run(
    ui: &Ui,
    arguments: &Arguments,
    grammar: clap::Command,
) -> Result<Exit, CommandError> {
    let help = cli::help_of(grammar, arguments.command.as_deref()).ok_or_else(|| {
        let name = arguments.command.as_deref().unwrap_or_default();
        CommandError::usage(format!("unknown command `{name}`"))
            .with_hint(Hint::run("rolecall help", "list the commands"))
    })?;
    let mut out = ui.stdout();
    write!(out, "{}", ui.shown(&help.ansi().to_string()))?;
    out.flush()?;
    Ok(Exit::Yes)
}
