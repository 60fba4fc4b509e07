use std::io::Write;

use clap::Args;
use rolecall_source::facts::Version;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::Ui;

/// Print the version, and the Kubernetes versions with built-in default roles and resources
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// Prints the version.
pub(crate) fn run(ui: &Ui, _: &Arguments) -> Result<Exit, CommandError> {
    let known: Vec<&str> = Version::ALL.iter().map(|version| version.as_str()).collect();
    let mut out = ui.stdout();
    writeln!(out, "rolecall {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "Kubernetes: {}", known.join(", "))?;
    out.flush()?;
    Ok(Exit::Yes)
}
