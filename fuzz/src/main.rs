//! Runs fuzz targets with the stable compiler: `cargo run --package rolecall-fuzz -- --seconds 60`.

use std::process::ExitCode;
use std::time::Duration;
use std::{env, fs};

use rolecall_fuzz::{Failed, TARGETS, Target, folder, run};

/// The options, all with a value.
struct Options {
    /// The time for all targets together.
    seconds: u64,
    seed: u64,
    targets: Vec<Target>,
}

fn main() -> ExitCode {
    let options = match options(env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("error: {message}");
            return ExitCode::from(2);
        }
    };
    // The message of a failure is printed once, below, and not for every step towards a short input.
    std::panic::set_hook(Box::new(|_| {}));
    let share =
        Duration::from_secs(options.seconds) / u32::try_from(options.targets.len()).unwrap_or(1);
    let mut code = ExitCode::SUCCESS;
    for target in &options.targets {
        match run(target, share, options.seed) {
            Ok(inputs) => eprintln!("{}: {inputs} inputs passed", target.name),
            Err(failed) => {
                report(target, &failed);
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn options(arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options { seconds: 60, seed: 1, targets: Vec::new() };
    let mut arguments = arguments;
    while let Some(argument) = arguments.next() {
        let option = match argument.as_str() {
            "--seconds" => &mut options.seconds,
            "--seed" => &mut options.seed,
            name => {
                let target = TARGETS.iter().find(|target| target.name == name);
                let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
                let unknown = || format!("unknown target `{name}`; known: {}", names.join(", "));
                options.targets.push(*target.ok_or_else(unknown)?);
                continue;
            }
        };
        let value = arguments.next().and_then(|value| value.parse().ok());
        *option = value.ok_or_else(|| format!("`{argument}` needs a number"))?;
    }
    if options.targets.is_empty() {
        options.targets = TARGETS.to_vec();
    }
    Ok(options)
}

/// Stores the input beside the corpus, so that it becomes a regression test once it is fixed.
fn report(target: &Target, failed: &Failed) {
    eprintln!("error: {} fails: {}", target.name, failed.reason);
    eprintln!("note: it compares {}", target.compares);
    let path = folder(target).join("failed");
    match fs::write(&path, &failed.input) {
        Ok(()) => eprintln!(
            "hint: the input is in {}; fix the cause, then give the file a name that says what it tests",
            path.display()
        ),
        Err(error) => eprintln!("note: cannot write {}: {error}", path.display()),
    }
}
