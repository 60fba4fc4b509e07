use std::io::Write;

use clap::Args;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::shell::Shell;
use crate::ui::Ui;

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/completions.txt"))]
pub(crate) struct Arguments {
    /// The shell; `kubectl` completes `kubectl rolecall`
    shell: Shell,
}

/// Writes the script to stdout.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut out = ui.data();
    write!(out, "{}", arguments.shell.script()?)?;
    out.flush()?;
    Ok(Exit::Yes)
}
