//! Commands as a user would type them, and their output.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use super::secrets::Secrets;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::process;

/// A command that has not started.
pub(super) struct Invocation<'w> {
    secrets: &'w Secrets,
    line: String,
    command: Command,
    stdin: Option<String>,
}

/// A command that has exited.
#[derive(Debug)]
pub(super) struct Ran {
    line: String,
    code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl<'w> Invocation<'w> {
    /// Splits a line at spaces, which no argument of a scenario contains.
    pub(super) fn new(
        secrets: &'w Secrets,
        program: &str,
        mut command: Command,
        line: &str,
    ) -> Self {
        command.args(line.split_whitespace());
        Self { secrets, line: format!("{program} {line}"), command, stdin: None }
    }

    /// Adds an argument that can contain spaces.
    pub(super) fn arg(mut self, argument: &str) -> Self {
        self.line = format!("{} '{argument}'", self.line);
        self.command.arg(argument);
        self
    }

    /// Uses a kubeconfig other than the admin's.
    pub(super) fn by(mut self, kubeconfig: &Path) -> Self {
        let name = kubeconfig.file_stem().unwrap_or_default().to_string_lossy();
        self.line = format!("{} (by {name})", self.line);
        self.command.env("KUBECONFIG", kubeconfig);
        self
    }

    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub(super) fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Runs the command to completion.
    pub(super) fn run(self) -> Result<Ran> {
        self.start()?.end()
    }

    /// Starts the command, for scenarios that act while it runs.
    pub(super) fn start(mut self) -> Result<Running<'w>> {
        self.command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child =
            self.command.spawn().map_err(|error| process::failure(&self.command, &error))?;
        Ok(Running { secrets: self.secrets, line: self.line, child, stdin: self.stdin })
    }
}

/// A running command.
pub(super) struct Running<'w> {
    secrets: &'w Secrets,
    line: String,
    child: Child,
    stdin: Option<String>,
}

impl Running<'_> {
    /// Returns the process id.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the exit, and fails if the output contains a token or key.
    pub(super) fn end(mut self) -> Result<Ran> {
        let feed = self.child.stdin.take().zip(self.stdin.take());
        let output = std::thread::scope(|scope| {
            // A command that does not read its input does not fail the scenario.
            scope.spawn(|| feed.map(|(mut pipe, text)| pipe.write_all(text.as_bytes())));
            self.child.wait_with_output()
        });
        let output =
            output.map_err(|error| Failure::new(format!("cannot run `{}`: {error}", self.line)))?;
        let ran = Ran::new(self.line, output);
        match self.secrets.leak(&[&ran.stdout, &ran.stderr]) {
            // Show neither the secret nor the output that contains it.
            Some(name) => Err(Failure::new(format!("`{}` shows the secret of {name}", ran.line))),
            None => Ok(ran),
        }
    }
}

impl Ran {
    fn new(line: String, output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let code = output.status.code();
        Self { line, code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Fails unless the exit code is this one.
    pub(super) fn exits(self, code: i32) -> Result<Self> {
        if self.code == Some(code) {
            return Ok(self);
        }
        let found = self.code.map_or("a signal".to_owned(), |found| found.to_string());
        Err(self.wrong(format!("exited with {found}, not {code}")))
    }

    /// Fails unless standard output equals this text.
    pub(super) fn prints(self, expected: &str) -> Result<Self> {
        if self.stdout == expected {
            return Ok(self);
        }
        Err(self.wrong(format!("printed something other than:\n{expected}")))
    }

    /// Fails unless standard error contains this text.
    pub(super) fn notes(self, part: &str) -> Result<Self> {
        if self.stderr.contains(part) {
            return Ok(self);
        }
        Err(self.wrong(format!("did not print on standard error:\n{part}")))
    }

    /// Fails unless standard output contains this text.
    pub(super) fn says(self, part: &str) -> Result<Self> {
        if self.stdout.contains(part) {
            return Ok(self);
        }
        Err(self.wrong(format!("did not print:\n{part}")))
    }

    /// Returns the exit code; `None` after a signal.
    pub(super) fn code(&self) -> Option<i32> {
        self.code
    }

    /// Parses standard output as JSON.
    pub(super) fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.stdout)
            .map_err(|error| self.wrong(format!("did not print JSON: {error}")))
    }

    /// Creates a failure with the complete output.
    pub(super) fn wrong(&self, what: impl fmt::Display) -> Failure {
        let mut text = format!("`{}` {what}", self.line);
        for (name, said) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !said.is_empty() {
                text.push_str(&format!("\n  its {name}:\n{}", shortened(said)));
            }
        }
        Failure::new(text)
    }
}

/// The number of output lines in a failure.
const SHOWN: usize = 40;

fn shortened(text: &str) -> String {
    let mut lines: Vec<String> =
        text.lines().take(SHOWN).map(|line| format!("    {line}")).collect();
    let left_out = text.lines().count().saturating_sub(SHOWN);
    if left_out > 0 {
        lines.push(format!("    ... and {left_out} lines"));
    }
    lines.join("\n")
}
