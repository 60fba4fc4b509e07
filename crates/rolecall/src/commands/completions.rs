use std::io::Write;

use clap::Args;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::shell::Shell;
use crate::ui::Ui;

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The shell; `kubectl` completes `kubectl rolecall`
    shell: Shell,
}

const EXAMPLES: &str = "\
The scripts complete subjects, namespaces and resources too: from the manifests of -f, else from the
cluster.

Examples:
  For bash, now and at every login
    source <(rolecall completions bash)
    rolecall completions bash > ~/.local/share/bash-completion/completions/rolecall
  For zsh, in a directory of $fpath
    rolecall completions zsh > ~/.zfunc/_rolecall
  For fish
    rolecall completions fish > ~/.config/fish/completions/rolecall.fish
  For `kubectl rolecall`, in a folder of $PATH
    rolecall completions kubectl | install /dev/stdin ~/.local/bin/kubectl_complete-rolecall";

/// Writes the script to stdout.
pub(crate) fn run(ui: &Ui, arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut out = ui.data();
    write!(out, "{}", arguments.shell.script()?)?;
    out.flush()?;
    Ok(Exit::Yes)
}
