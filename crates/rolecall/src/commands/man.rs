use std::io::Write;

use clap::Args;

use crate::cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Print the manual page of rolecall or of one of its commands
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The command; rolecall itself when none is named
    command: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  Read it
    rolecall man can-i | man -l -
  Install it
    rolecall man > ~/.local/share/man/man1/rolecall.1";

/// Writes the page as troff to stdout.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut grammar = cli::grammar();
    grammar.build();
    let command = match &arguments.command {
        None => grammar,
        Some(name) => match grammar.find_subcommand(name) {
            Some(command) => command.clone().display_name(format!("rolecall-{name}")),
            None => return Err(CommandError::usage(format!("there is no command `{name}`"))),
        },
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    let mut out = ui.data();
    out.write_all(&page)?;
    out.flush()?;
    Ok(Exit::Yes)
}
