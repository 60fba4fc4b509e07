//! RBAC troubleshooting and audit for Kubernetes: the command line.
//!
//! ```text
//! arguments -> [ cli ] -> [ commands ] -> [ load ] -> Session (Authorizer, Catalog)
//!                              |                         |
//!                              v                         v
//!                   [ render ] [ output ]  <-  answers of rolecall-rbac and its siblings
//! ```
//!
//! Only this crate parses arguments, prints, colours, hints and decides exit codes. Data goes to
//! stdout; notes, warnings, errors and hints go to stderr.

mod cli;
mod commands;
mod config;
mod decide;
mod error;
mod exit;
mod explain;
mod file;
mod git;
mod live;
mod load;
mod output;
mod patience;
mod question;
mod render;
mod reported;
mod reviews;
mod side;
mod stream;
mod subject;
mod time;
mod ui;
mod words;
mod yaml;

use std::process::ExitCode;

use exit::Exit;
use ui::Ui;

/// Runs the command that the process's arguments ask for.
pub fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(error) => return print_usage(&error),
    };
    let ui = Ui::new(&cli.options.output);
    ui.start_logging();
    match cli.command.run(&ui, &cli.options) {
        Ok(exit) => exit.into(),
        // The reader of the output left before all was answered.
        Err(error) if error.is_broken_pipe() => Exit::Closed.into(),
        Err(error) => {
            ui.error(&error);
            let exit = if error.is_interrupted() { Exit::Interrupted } else { Exit::Failed };
            exit.into()
        }
    }
}

/// Prints help, the version or a usage error: the first two to stdout and with success.
fn print_usage(error: &clap::Error) -> ExitCode {
    // Nobody is left to tell when the stream is gone.
    let _ = error.print();
    let exit = if error.use_stderr() { Exit::Failed } else { Exit::Yes };
    exit.into()
}
