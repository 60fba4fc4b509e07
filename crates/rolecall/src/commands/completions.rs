use std::io::Write;

use clap::Args;
use clap_complete::Shell;

use crate::cli;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Print the completion script of a shell
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  For bash, now and at every login
    source <(rolecall completions bash)
    rolecall completions bash > ~/.local/share/bash-completion/completions/rolecall
  For zsh, in a folder of $fpath
    rolecall completions zsh > ~/.zfunc/_rolecall
  For fish
    rolecall completions fish > ~/.config/fish/completions/rolecall.fish";

/// Writes the script to stdout.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut cli::grammar(), "rolecall", &mut script);
    let mut out = ui.data();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Yes)
}
