//! The documentation is correct: every command in it is run, and every output compared.
//!
//! In `README.md`, `docs/*.md` and `docs/guide/*.md`, a `console` block contains commands after
//! `$ `, each followed by its output, stdout before stderr. An `sh` block contains commands that a
//! test cannot run to completion; the arguments of rolecall are still parsed, as are those of the
//! commands in the tables of guides.

use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{command, root, run, split};

/// Commands other than rolecall that `sh` blocks can contain.
const NOT_RUN: [&str; 7] = [
    "cargo bench -p rolecall-bench",
    "cargo install --path ",
    "cargo test --workspace",
    "cargo xtask ",
    "git clone ",
    "cd ",
    "kubectl ",
];

#[test]
fn every_documented_command_prints_the_documented_output() {
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let fresh = rerun(&text, &path);
        settle(&path, &text, &fresh);
    }
}

#[test]
fn the_command_reference_is_the_help() {
    let path = root().join("docs/cli.md");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut fresh = String::from(
        "# Command reference\n\nWhat `rolecall help` prints, made by a test: edit the doc comments of the commands, then run\n`UPDATE_DOCS=1 cargo test -p rolecall --test cli docs`.\n",
    );
    let help = help_of("");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"can-i"), "{help}");
    for name in std::iter::once("").chain(commands) {
        let help = match name {
            "options" => crate::command::rolecall("options").stdout,
            name => help_of(name),
        };
        for example in help.lines().filter(|line| line.starts_with("    rolecall ")) {
            check_understood(example, &path);
        }
        let heading = format!("rolecall {name}");
        fresh.push_str(&format!("\n## `{}`\n\n```text\n{}```\n", heading.trim(), help));
    }
    settle(&path, &text, &fresh);
}

#[test]
fn the_reference_of_findings_is_their_documentation() {
    let path = root().join("docs/findings.md");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let ran = crate::command::rolecall("explain --markdown");
    settle(&path, &text, &ran.stdout);
}

/// Returns `README.md` and the hand-written documents.
fn documents() -> Vec<PathBuf> {
    let docs = ["docs", "docs/guide"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let docs = docs.into_iter().flatten().map(|entry| entry.unwrap().path());
    let written = docs.filter(|path| {
        path.extension().is_some_and(|extension| extension == "md") && !path.ends_with("cli.md")
    });
    let mut documents: Vec<PathBuf> = written.chain([root().join("README.md")]).collect();
    documents.sort();
    documents
}

/// Compares a document with the expected text, or writes it if `UPDATE_DOCS` is set.
fn settle(path: &Path, text: &str, fresh: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        if text != fresh {
            fs::write(path, fresh).unwrap();
        }
        return;
    }
    let differs = text.lines().zip(fresh.lines()).position(|(old, new)| old != new);
    assert!(
        text == fresh,
        "{} is stale at line {}: run `UPDATE_DOCS=1 cargo test -p rolecall --test cli docs` and \
         review the difference",
        path.display(),
        differs.map_or(0, |line| line + 1),
    );
}

/// Returns a document with the current outputs of its commands.
fn rerun(text: &str, path: &Path) -> String {
    let mut fresh = String::new();
    let mut language: Option<&str> = None;
    for line in text.lines() {
        match (language, line.strip_prefix("```")) {
            (None, Some(opened)) => language = Some(opened),
            (Some(_), Some(_)) => language = None,
            (Some("console"), None) => {
                let Some(command_line) = line.strip_prefix("$ ") else { continue };
                fresh.push_str(&format!("{line}\n{}", output_of(command_line, path)));
                continue;
            }
            (Some("sh"), None) => check_understood(line, path),
            (None, None) if line.starts_with("| ") => check_commands_of_row(line, path),
            _ => {}
        }
        fresh.push_str(line);
        fresh.push('\n');
    }
    fresh
}

/// Returns the arguments of a command line that runs rolecall.
fn arguments_of(line: &str) -> Option<&str> {
    ["rolecall ", "kubectl rolecall ", "cargo run -q -p rolecall -- "]
        .into_iter()
        .find_map(|program| line.strip_prefix(program))
}

fn output_of(line: &str, path: &Path) -> String {
    let arguments = arguments_of(line);
    let arguments = arguments.unwrap_or_else(|| panic!("{}: cannot run `{line}`", path.display()));
    let ran = run(command().args(split(arguments)).env("LANG", "C.UTF-8"), "");
    format!("{}{}", ran.stdout, ran.stderr)
}

/// Checks the rolecall commands in a row of a table, where `\|` is a pipe.
fn check_commands_of_row(line: &str, path: &Path) {
    for code in line.replace("\\|", "|").split('`').skip(1).step_by(2) {
        // Reference documents mention commands without their arguments.
        if path.parent().is_some_and(|folder| folder.ends_with("guide"))
            && code.split('|').any(|command| arguments_of(command.trim()).is_some())
            && code.contains(' ')
            && code != "rolecall fix"
        {
            check_understood(code, path);
        }
    }
}

/// Fails for a command that rolecall does not understand, or that fails on a fixture. Commands for
/// a cluster run without one.
fn check_understood(line: &str, path: &Path) {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty()
        || NOT_RUN.iter().any(|known| line.starts_with(known)) && arguments_of(line).is_none()
    {
        return;
    }
    let pipeline = line.split(['|', '>']).map(str::trim);
    let arguments = pipeline.clone().find_map(arguments_of);
    let arguments =
        arguments.unwrap_or_else(|| panic!("{}: cannot check `{line}`", path.display()));
    let mut command = command();
    command.args(split(arguments)).env("KUBECONFIG", "/nonexistent/kubeconfig");
    let ran = run(&mut command, "");
    assert!(!ran.stderr.contains("\nUsage: "), "{}: `{line}`: {ran}", path.display());
    // A command that reads a fixture needs nothing else, so it must succeed.
    assert!(
        !line.contains(" fixtures/") || ran.exit != Some(2),
        "{}: `{line}`: {ran}",
        path.display()
    );
}

fn help_of(name: &str) -> String {
    let ran = run(command().args(split(name)).arg("--help"), "");
    assert_eq!((ran.exit, &*ran.stderr), (Some(0), ""), "{name}");
    let lines = ran.stdout.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}
