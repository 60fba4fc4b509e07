//! Runs the command from the repository's root, with nothing in its environment.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a command did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit code; `None` when a signal ended it.
    pub(crate) exit: Option<i32>,
    /// Everything on stdout.
    pub(crate) stdout: String,
    /// Everything on stderr.
    pub(crate) stderr: String,
}

impl fmt::Display for Ran {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.stdout)?;
        if !self.stderr.is_empty() {
            write!(formatter, "--- stderr\n{}", self.stderr)?;
        }
        match self.exit {
            Some(exit) => write!(formatter, "--- exit {exit}"),
            None => formatter.write_str("--- ended by a signal"),
        }
    }
}

/// Returns the command, to run with arguments of one's own.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.current_dir(root()).env_clear().stdin(Stdio::null());
    command
}

/// Returns the repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs `rolecall` with arguments as they are typed; quotes keep blanks together.
pub(crate) fn rolecall(arguments: &str) -> Ran {
    run(command().args(split(arguments)), "")
}

/// Runs rolecall with arguments that hold blanks and quotes, which no shell splits.
pub(crate) fn rolecall_args(arguments: &[&str]) -> Ran {
    run(command().args(arguments), "")
}

/// Does so with something on stdin.
pub(crate) fn rolecall_with(arguments: &str, stdin: &str) -> Ran {
    run(command().args(split(arguments)), stdin)
}

/// Does so on a terminal of that many columns, as far as layouts know.
pub(crate) fn rolecall_in_columns(columns: usize, arguments: &str) -> Ran {
    run(command().args(split(arguments)).env("COLUMNS", columns.to_string()), "")
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Ran {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_owned();
    let writer = std::thread::spawn(move || {
        // The command may end before it has read everything.
        let _ = pipe.write_all(stdin.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran {
        exit: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Splits a command line at blanks that are not in single quotes.
pub(crate) fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
