use std::io::Write;

use clap::Args;

use crate::cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// List the options that every command takes
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Prints the list.
pub(crate) fn run(ui: &Ui, _: &Arguments, grammar: &clap::Command) -> Result<Exit, CommandError> {
    let mut out = ui.stdout();
    out.write_all(cli::list_options(grammar).as_bytes())?;
    out.flush()?;
    Ok(Exit::Yes)
}
