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
///
/// JSON is indented, as on a terminal, so that snapshots are readable.
pub(crate) fn run(command: &mut Command, stdin: &str) -> Ran {
    let is_json = asks_for_json(command);
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
    let stdout = String::from_utf8(output.stdout).unwrap();
    Ran {
        exit: output.status.code(),
        stdout: if is_json { indented(&stdout) } else { stdout },
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Returns whether the command prints JSON documents.
fn asks_for_json(command: &Command) -> bool {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let pairs =
        words.windows(2).any(|pair| matches!(&*pair[0], "-o" | "--output") && pair[1] == "json");
    let joined = words.iter().any(|word| matches!(&**word, "-ojson" | "-o=json" | "--output=json"));
    (pairs || joined) && words.iter().all(|word| !word.starts_with("--reviews"))
}

/// Indents each line that is a JSON object like `serde_json::to_string_pretty`, and keeps the order
/// of keys.
fn indented(text: &str) -> String {
    let is_object = |line: &str| line.starts_with('{') && line.trim_end().ends_with('}');
    text.split_inclusive('\n')
        .map(|line| if is_object(line) { indent(line.trim_end()) + "\n" } else { line.to_owned() })
        .collect()
}

fn indent(line: &str) -> String {
    let (mut out, mut depth) = (String::new(), 0);
    let mut is_string = false;
    let mut chars = line.chars().peekable();
    let break_line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    while let Some(c) = chars.next() {
        match c {
            '"' => is_string = !is_string,
            '\\' if is_string => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            _ if is_string => {}
            '{' | '[' if chars.peek().is_some_and(|next| matches!(next, '}' | ']')) => {
                out.push(c);
                out.extend(chars.next());
                continue;
            }
            '{' | '[' => {
                depth += 1;
                out.push(c);
                break_line(&mut out, depth);
                continue;
            }
            '}' | ']' => {
                depth -= 1;
                break_line(&mut out, depth);
            }
            ',' => {
                out.push(c);
                break_line(&mut out, depth);
                continue;
            }
            ':' => {
                out.push_str(": ");
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

/// Splits a command line at spaces outside single quotes.
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
