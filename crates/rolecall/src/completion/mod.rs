//! Completes command lines in shells: commands, options and values.
//!
//! ```text
//! [ shell ] -> words -> [ line ] options so far -> [ value ] names in -f, cluster or catalogue
//!                                                      |
//! [ shell ] <- candidates <- clap_complete's engine <--+
//! ```
//!
//! The user is typing, so a completion answers within a second or not at all, and never prompts or
//! prints an error.

mod line;
mod value;

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use clap::ValueEnum;
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate, complete};

use crate::arguments::grammar;
use crate::shell::{Shell, VARIABLE};
use line::Line;
use value::Value;

/// The longest time that a user waits for candidates.
const LIMIT: Duration = Duration::from_secs(1);

/// Prints the candidates if a shell requests them, and returns the exit code.
pub(crate) fn answer(arguments: &[OsString]) -> Option<ExitCode> {
    let name = std::env::var_os(VARIABLE)?;
    let shell = name.to_str().and_then(|name| Shell::from_str(name, false).ok());
    let Some(shell) = shell else { return Some(ExitCode::FAILURE) };
    let arguments = arguments.iter().skip_while(|argument| *argument != "--").skip(1);
    let arguments: Vec<OsString> = arguments.cloned().collect();
    let (sender, receiver) = mpsc::channel();
    // Reading a file can block for longer than the limit; the thread ends with the process.
    std::thread::spawn(move || {
        let typed = shell.typed(arguments);
        let found = candidates(&typed.words);
        // The receiver is gone after the limit.
        let _ = sender.send(shell.format(&found, &typed));
    });
    if let Ok(text) = receiver.recv_timeout(LIMIT) {
        // A shell that closes the pipe needs no candidates.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }
    Some(ExitCode::SUCCESS)
}

/// Returns the candidates for the last word.
fn candidates(words: &[OsString]) -> Vec<CompletionCandidate> {
    let Some((last, before)) = words.split_last() else { return Vec::new() };
    let Some(line) = Line::parse(before) else { return Vec::new() };
    let mut grammar = with_values(grammar(), &Arc::new(line));
    let folder = std::env::current_dir().ok();
    let found = complete(&mut grammar, words.to_vec(), before.len(), folder.as_deref());
    let is_option = last.to_string_lossy().starts_with('-');
    let is_shown = |candidate: &CompletionCandidate| {
        let value = candidate.get_value().to_string_lossy();
        let is_wanted = !value.starts_with('-') || (is_option && !candidate.is_hide_set());
        is_wanted && !value.chars().any(char::is_control)
    };
    found.unwrap_or_default().into_iter().filter(is_shown).collect()
}

/// Adds the values to the arguments that have some.
fn with_values(grammar: clap::Command, line: &Arc<Line>) -> clap::Command {
    let add = |argument: clap::Arg| {
        let Some(value) = Value::of(argument.get_id().as_str()) else { return argument };
        let line = line.clone();
        let completer = move |typed: &std::ffi::OsStr| {
            typed.to_str().map(|typed| value.candidates(&line, typed)).unwrap_or_default()
        };
        argument.add(ArgValueCompleter::new(completer))
    };
    grammar.mut_args(add).mut_subcommands(|command| command.mut_args(add))
}
