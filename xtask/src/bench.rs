//! `cargo xtask bench`: whole commands over generated inputs, beside their floors and peers in the same run.

mod cases;
mod command_line;
mod inputs;
mod instructions;
mod matrix;
mod measure;
mod table;

use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use xtask::generate::Preset;

use crate::failure::Result;
use crate::{files, process};
use cases::Case;
use command_line::Programs;
use inputs::Inputs;
use measure::Measured;
use table::Row;

/// The programs that are built for a run.
const BUILT: [&str; 2] = ["rolecall", "floor"];

/// Measure whole commands: time, throughput, peak memory; beside floors and peers
#[derive(Args, Debug)]
pub(crate) struct BenchArguments {
    /// The cluster that commands read
    #[arg(long, value_enum, default_value = "big")]
    preset: Preset,

    /// How often each command runs
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    runs: u32,

    /// Only cases whose name contains this
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    only: String,

    /// The profile to build with; what users get is `release`
    #[arg(long, default_value = "release")]
    profile: String,

    /// Count the instructions of three fixed runs instead, and fail if one grew by more than a tenth
    #[arg(long, conflicts_with_all = ["preset", "runs", "only", "profile"])]
    instructions: bool,

    /// Store these counts, for a growth that is meant
    #[arg(long, requires = "instructions")]
    update: bool,
}

/// Runs all cases and prints a table of each, or counts instructions.
pub(crate) fn run(arguments: &BenchArguments) -> Result<()> {
    if arguments.instructions {
        let programs = Programs { built: build(instructions::PROFILE)? };
        return instructions::run(&programs, arguments.update);
    }
    let programs = Programs { built: build(&arguments.profile)? };
    let cases: Vec<Case> =
        cases::all().into_iter().filter(|case| case.name.contains(&arguments.only)).collect();
    let inputs = Inputs::write(arguments.preset, &cases::inputs_of(&cases))?;
    for case in &cases {
        let rows = rows(case, &programs, &inputs, arguments.runs)?;
        println!("{}: {}\n{}", case.name, case.about, table::render(&rows));
    }
    print!("{}", missing(&cases, &programs));
    Ok(())
}

/// Measures a case's commands in turns, so that all of them meet the same weather.
fn rows(case: &Case, programs: &Programs, inputs: &Inputs, runs: u32) -> Result<Vec<Row>> {
    let amount = case.amount.of(inputs)?;
    let mut rows: Vec<(PathBuf, Row)> = Vec::new();
    for line in &case.lines {
        if let Some(program) = programs.find(line.program()) {
            rows.push((program, Row { line: *line, amount, measured: Measured::default() }));
        }
    }
    for _ in 0..runs {
        for (program, row) in &mut rows {
            row.measured.add(measure::run(&mut row.line.command(program, inputs))?);
        }
    }
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Names the programs that are not there, and how to bring them in.
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
    format!("\nleft out, not being on the PATH nor named by a variable: {names}\n")
}

/// Builds what users get, and the floor.
fn build(profile: &str) -> Result<Vec<(&'static str, PathBuf)>> {
    eprintln!("building with the profile `{profile}`");
    let stdout = process::output(
        Command::new("cargo")
            .args(["build", "--quiet", "--message-format=json-render-diagnostics"])
            .args(["--profile", profile])
            .args(["--package", "rolecall", "--bin", "rolecall"])
            .args(["--package", "xtask", "--example", "floor"])
            .current_dir(files::workspace_root()),
    )?;
    Ok(stdout.lines().filter_map(executable).collect())
}

/// Reads the path of a program that cargo says it built.
fn executable(message: &str) -> Option<(&'static str, PathBuf)> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let path = PathBuf::from(message.get("executable")?.as_str()?);
    let name = message.get("target")?.get("name")?.as_str()?;
    BUILT.into_iter().find(|built| *built == name).map(|built| (built, path))
}
