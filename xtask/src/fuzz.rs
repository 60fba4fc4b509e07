//! `cargo xtask fuzz`: runs the fuzz targets with libFuzzer, or with the stable compiler.

use std::path::Path;
use std::process::{Command, Stdio};

use clap::{Args, ValueEnum};

use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Run the fuzz targets on mutations of their stored inputs
#[derive(Args)]
pub(crate) struct FuzzArguments {
    /// Total time, shared by the targets
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,

    /// The inputs of the stable engine depend only on this number
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// `libfuzzer` needs cargo-fuzz and the nightly compiler, and is the default if both are installed
    #[arg(long, value_enum)]
    engine: Option<Engine>,

    /// Targets in fuzz/fuzz_targets [default: all]
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    Libfuzzer,
    Stable,
}

/// Runs the targets until one fails.
pub(crate) fn run(arguments: &FuzzArguments) -> Result<()> {
    let engine = arguments.engine.unwrap_or_else(best_engine);
    let targets = targets(&arguments.targets)?;
    match engine {
        Engine::Stable => succeed(&mut stable(arguments, &targets)),
        Engine::Libfuzzer => {
            let seconds = (arguments.seconds / targets.len().max(1) as u64).max(1);
            targets.iter().try_for_each(|target| {
                let found = files::workspace_root().join(found_folder(target));
                files::make_dir(&found)?;
                succeed(&mut libfuzzer(target, seconds))
            })
        }
    }
}

fn best_engine() -> Engine {
    let mut toolchains = Command::new("rustup");
    let has_nightly = process::output(toolchains.args(["toolchain", "list"]))
        .is_ok_and(|list| list.lines().any(|line| line.starts_with("nightly")));
    if has_nightly && process::find("cargo-fuzz").is_some() {
        Engine::Libfuzzer
    } else {
        Engine::Stable
    }
}

/// Returns the named targets, or all.
fn targets(named: &[String]) -> Result<Vec<String>> {
    let sources = files::list_dir(&files::workspace_root().join("fuzz/fuzz_targets"))?;
    let stem = |path: &Path| Some(path.file_stem()?.to_string_lossy().into_owned());
    let known: Vec<String> = sources.iter().filter_map(|path| stem(path)).collect();
    match named.iter().find(|name| !known.contains(name)) {
        Some(unknown) => Err(Failure::new(format!("unknown fuzz target `{unknown}`"))
            .remedy(format!("use one of: {}", known.join(", ")))),
        None if named.is_empty() => Ok(known),
        None => Ok(named.to_vec()),
    }
}

fn stable(arguments: &FuzzArguments, targets: &[String]) -> Command {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--package", "rolecall-fuzz", "--"]);
    command.args(["--seconds", &arguments.seconds.to_string()]);
    command.args(["--seed", &arguments.seed.to_string()]).args(targets);
    command
}

/// Inputs that reach new code go to `target/`; the stored corpus is only read. Sanitizers look for
/// errors of unsafe code, which the workspace forbids.
fn libfuzzer(target: &str, seconds: u64) -> Command {
    let mut command = Command::new("cargo");
    command.args(["+nightly", "fuzz", "run", "--sanitizer", "none"]);
    command.args(["--features", "libfuzzer", "--target-dir", "target/fuzz", target]);
    command.args([found_folder(target), format!("fuzz/corpus/{target}")]);
    command.args(["--", &format!("-max_total_time={seconds}"), "-timeout=20"]);
    command
}

fn found_folder(target: &str) -> String {
    format!("target/fuzz/corpus/{target}")
}

fn succeed(command: &mut Command) -> Result<()> {
    command.current_dir(files::workspace_root()).stdin(Stdio::null());
    // Cargo sets it for this program, and it would select the compiler of the fuzz targets.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new("a fuzz target failed").remedy(
            "fix the cause, and add the input to fuzz/corpus under a name that says what it tests",
        )),
        Err(error) => Err(process::failure(command, &error)),
    }
}
