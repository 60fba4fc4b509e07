//! `cargo xtask bench`: measures whole commands on generated inputs, next to lower bounds and
//! similar tools.

mod against;
mod cases;
mod command_line;
mod inputs;
mod instructions;
mod matrix;
mod measure;
mod peers;
mod table;

use std::path::PathBuf;
use std::process::Command;

use crate::generate::Preset;
use clap::Args;

use against::Revision;
use cases::Case;
use command_line::Programs;
use inputs::Inputs;
use measure::Measured;
use rolecall_task::failure::Result;
use rolecall_task::{files, process};
use table::Row;

/// The binaries that are built for a run.
const BUILT: [&str; 2] = ["rolecall", "floor"];

/// Measure time, throughput and peak memory of whole commands, next to lower bounds and similar
/// tools
#[derive(Args, Debug)]
pub struct BenchArguments {
    /// Size of the cluster
    #[arg(long, value_enum, default_value = "big")]
    preset: Preset,

    /// Number of runs per command
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Only cases whose name contains this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    only: String,

    /// Also build and measure another revision, such as `78b7907`
    #[arg(long, value_name = "REV")]
    against: Option<String>,

    /// Cargo profile; users get `release`
    #[arg(long, default_value = "release")]
    profile: String,

    /// Compare the answers of other programs about the server of a kubeconfig instead; creates
    /// objects there
    #[arg(long, requires = "kubeconfig", conflicts_with_all = ["preset", "only", "profile", "against"])]
    peers: bool,

    /// The kubeconfig of an admin, such as the one that `cargo xtask apiserver --keep` prints
    #[arg(long, value_name = "FILE", requires = "peers")]
    kubeconfig: Option<PathBuf>,

    /// Count the instructions of fixed runs instead, and fail if one grew by more than a
    /// tenth
    #[arg(long, conflicts_with_all = ["preset", "runs", "only", "profile", "against", "peers"])]
    instructions: bool,

    /// Store the new counts, for an intended change
    #[arg(long, requires = "instructions")]
    update: bool,
}

/// Runs all cases and prints a table for each, or counts instructions.
pub fn run(arguments: &BenchArguments) -> Result<()> {
    if arguments.instructions {
        let programs = Programs { built: build(instructions::PROFILE)? };
        return instructions::run(&programs, arguments.update);
    }
    if let Some(kubeconfig) = arguments.kubeconfig.as_deref() {
        return peers::run(&Programs { built: Vec::new() }, kubeconfig, arguments.runs);
    }
    let programs = Programs { built: build(&arguments.profile)? };
    let cases: Vec<Case> =
        cases::all().into_iter().filter(|case| case.name.contains(&arguments.only)).collect();
    let other = arguments.against.as_deref();
    let other = other.map(|name| Revision::build(name, &arguments.profile)).transpose()?;
    let inputs = Inputs::write(arguments.preset, &cases::inputs_of(&cases))?;
    for case in &cases {
        let rows = rows(case, &programs, other.as_ref(), &inputs, arguments.runs)?;
        println!("{}: {}\n{}", case.name, case.about, table::render(&rows));
    }
    print!("{}", missing(&cases, &programs));
    Ok(())
}

/// Measures the commands of a case alternately, so that the load of the machine affects all of
/// them.
fn rows(
    case: &Case,
    programs: &Programs,
    other: Option<&Revision>,
    inputs: &Inputs,
    runs: u32,
) -> Result<Vec<Row>> {
    let amount = case.amount.of(inputs)?;
    let mut rows: Vec<(PathBuf, Row)> = Vec::new();
    for line in &case.lines {
        let row = |revision| Row { line: *line, revision, amount, measured: Measured::default() };
        if let Some(program) = programs.find(line.program()) {
            rows.push((program, row(None)));
        }
        if let Some(other) = other.filter(|_| line.program() == BUILT[0]) {
            rows.push((other.program.clone(), row(Some(other.name.clone()))));
        }
    }
    for _ in 0..runs {
        for (program, row) in &mut rows {
            row.measured.add(measure::run(&mut row.line.command(program, inputs))?);
        }
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Lists the missing programs and how to provide them.
fn missing(cases: &[Case], programs: &Programs) -> String {
    let mut missing: Vec<String> = cases
        .iter()
        .flat_map(|case| &case.lines)
        .map(|line| line.program())
        .filter(|name| programs.find(name).is_none())
        .map(|name| format!("`{name}` ({})", command_line::variable(name)))
        .collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        return String::new();
    }
    let names = missing.join(", ");
    format!("\nskipped, because they are neither on the PATH nor set by a variable: {names}\n")
}

/// Builds the binary and the lower bound.
fn build(profile: &str) -> Result<Vec<(&'static str, PathBuf)>> {
    eprintln!("building with the profile `{profile}`");
    let stdout = process::output(
        Command::new("cargo")
            .args(["build", "--quiet", "--message-format=json-render-diagnostics"])
            .args(["--profile", profile])
            .args(["--package", "rolecall", "--bin", "rolecall"])
            .args(["--package", "rolecall-bench", "--example", "floor"])
            .current_dir(files::workspace_root()),
    )?;
    Ok(stdout.lines().filter_map(executable).collect())
}

/// Reads the path of a binary from a message of cargo.
fn executable(message: &str) -> Option<(&'static str, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let path = PathBuf::from(message.get("executable")?.as_str()?);
    let name = message.get("target")?.get("name")?.as_str()?;
    BUILT.into_iter().find(|built| *built == name).map(|built| (built, path))
}
