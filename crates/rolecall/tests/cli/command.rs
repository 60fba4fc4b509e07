//! Runs the command in the repository's root, with an empty environment.

use std::fmt;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The result of a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// The exit code; `None` after a signal.
    pub(crate) exit: Option<i32>,
    /// The standard output.
    pub(crate) stdout: String,
    /// The standard error.
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

/// Returns the command without arguments.
pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolecall"));
    command.current_dir(root()).env_clear().stdin(Stdio::null());
    command
}

/// Returns the repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs `rolecall` with arguments as typed in a shell; quotes protect spaces.
pub(crate) fn rolecall(arguments: &str) -> Ran {
    run(command().args(split(arguments)), "")
}

/// Runs `rolecall` with a list of arguments.
pub(crate) fn rolecall_args(arguments: &[&str]) -> Ran {
    run(command().args(arguments), "")
}

/// Runs `rolecall` with standard input.
pub(crate) fn rolecall_with(arguments: &str, stdin: &str) -> Ran {
    run(command().args(split(arguments)), stdin)
}

/// Runs `rolecall` with a terminal width for layouts.
pub(crate) fn rolecall_in_columns(columns: usize, arguments: &str) -> Ran {
    run(command().args(split(arguments)).env("COLUMNS", columns.to_string()), "")
}

/// Runs a command to completion.
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
        // The command can exit before it has read everything.
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

/// Splits a command line at spaces outside of single quotes.
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
