//! Runs programs for tasks; failures contain the program's output.

use std::env;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Result};
use crate::files;

/// The number of log lines in a failure.
const TAIL_LINES: usize = 20;

/// Runs a command to completion and returns its standard output.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| failure(command, &error))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("`{}` failed: {}", program(command), stderr.trim())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs a command to completion and appends its output to a log.
pub fn logged(command: &mut Command, log: &Path) -> Result<()> {
    let (stdout, stderr) = log_writers(log)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .status()
        .map_err(|error| failure(command, &error))?;
    if status.success() {
        return Ok(());
    }
    let name = program(command);
    Err(Failure::new(format!("`{name}` failed ({status}); the end of its log:\n{}", tail(log)))
        .remedy(format!("read the log in `{}`", log.display())))
}

/// Opens a log twice, for standard output and standard error.
pub fn log_writers(log: &Path) -> Result<(File, File)> {
    let open = || -> io::Result<(File, File)> {
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        Ok((file.try_clone()?, file))
    };
    open().map_err(|error| files::failure("open", log, &error))
}

/// Returns the last lines of a log, indented. It starts at the last fatal message, because stack
/// traces can follow it.
pub fn tail(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let skipped = lines.len().saturating_sub(TAIL_LINES);
    let fatal = lines.iter().take(skipped).rev().find(|line| is_fatal(line));
    fatal
        .into_iter()
        .chain(lines.iter().skip(skipped))
        .map(|line| format!("    {line}\n"))
        .collect()
}

/// Returns whether a line is a fatal message of klog or a Go panic.
fn is_fatal(line: &str) -> bool {
    line.starts_with("panic: ")
        || line.strip_prefix('F').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Finds a program on the PATH.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Formats the failure to run a program.
pub fn failure(command: &Command, error: &io::Error) -> Failure {
    Failure::new(format!("cannot run `{}`: {error}", program(command)))
}

fn program(command: &Command) -> String {
    Path::new(command.get_program())
        .file_name()
        .unwrap_or(command.get_program())
        .to_string_lossy()
        .into_owned()
}
