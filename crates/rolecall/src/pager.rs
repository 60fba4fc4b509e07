//! The pager that shows long output on a terminal, as in git.
//!
//! ```text
//! tables, messages -> Screen -> [ starts at the first write ] -> less
//! ```

use std::env;
use std::io::{self, ErrorKind, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::interrupt::Uninterrupted;

/// The variables that name the pager, the first of which wins.
const VARIABLES: [&str; 2] = ["ROLECALL_PAGER", "PAGER"];

/// The pager if no variable names one.
const DEFAULT: &str = "less";

/// Options of `less` unless `LESS` is set: exit if everything fits, keep colors, leave the text on the
/// screen.
const LESS: &str = "FRX";

/// The characters by which a command needs a shell, as in git.
const SHELL: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '\n', '*', '?', '[', '#', '~',
    '=', '%',
];

/// The screen of a terminal behind a pager, which starts with the first output.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
enum State {
    /// The command of the pager, which has not started.
    Waiting(String),
    Running(Running),
    /// The reader has left the pager, or it could not be started.
    Left,
}

#[derive(Debug)]
struct Running {
    child: Child,
    input: ChildStdin,
    /// Ctrl-C is for the pager.
    _uninterrupted: Uninterrupted,
}

impl Screen {
    /// Returns the screen if the environment names a pager, or the default one.
    pub(crate) fn from_environment() -> Option<Self> {
        let command = VARIABLES.iter().find_map(|name| env::var(name).ok());
        let command = match command {
            Some(command) => command.trim().to_owned(),
            None if cfg!(unix) => DEFAULT.to_owned(),
            None => return None,
        };
        let is_pager = !command.is_empty() && command != "cat";
        is_pager.then(|| Self { state: Arc::new(Mutex::new(State::Waiting(command))) })
    }

    /// Returns whether the pager is running.
    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.state(), State::Running(_))
    }

    /// Waits until the reader has left the pager.
    pub(crate) fn finish(&self) {
        let state = std::mem::replace(&mut *self.state(), State::Left);
        if let State::Running(Running { mut child, input, _uninterrupted }) = state {
            drop(input);
            // Ignore errors: the output has been passed on.
            let _ = child.wait();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        if let State::Waiting(command) = &*state {
            *state = match start(command) {
                Some(running) => State::Running(running),
                None => State::Left,
            };
            if matches!(*state, State::Left) {
                drop(state);
                return io::stdout().write(bytes);
            }
        }
        match &mut *state {
            State::Running(running) => running.input.write(bytes),
            State::Waiting(_) | State::Left => io::stdout().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut *self.state() {
            State::Running(running) => running.input.flush(),
            State::Waiting(_) => Ok(()),
            State::Left => io::stdout().flush(),
        }
    }
}

/// Starts a pager, or returns `None` if its program does not exist.
fn start(command: &str) -> Option<Running> {
    let mut process = parse(command);
    if env::var_os("LESS").is_none() {
        process.env("LESS", LESS);
    }
    let uninterrupted = Uninterrupted::new();
    let mut child = process.stdin(Stdio::piped()).spawn().ok()?;
    let input = child.stdin.take()?;
    Some(Running { child, input, _uninterrupted: uninterrupted })
}

/// Returns the process of a command, which runs in a shell only if it needs one.
fn parse(command: &str) -> Command {
    if command.contains(SHELL) {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]);
        return shell;
    }
    let mut words = command.split_whitespace();
    let mut process = Command::new(words.next().unwrap_or(DEFAULT));
    process.args(words);
    process
}

/// Returns whether writing failed because the reader has left the pager.
pub(crate) fn is_left(result: &io::Result<()>) -> bool {
    result.as_ref().is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commands_with_special_characters_need_a_shell() {
        for (command, words) in [
            ("less", &["less"][..]),
            ("less -S -R", &["less", "-S", "-R"]),
            ("LESS=R less", &["sh", "-c", "LESS=R less"]),
            ("less | cat", &["sh", "-c", "less | cat"]),
        ] {
            let process = parse(command);
            let found: Vec<_> =
                std::iter::once(process.get_program()).chain(process.get_args()).collect();
            assert_eq!(found, words, "{command}");
        }
    }
}
