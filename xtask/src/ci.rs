//! `cargo xtask ci`: the checks that must pass before a change lands, fastest first.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use clap::Args;

use crate::tidy;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Run all checks: format, lints, tidy, tests, docs
#[derive(Args)]
pub(crate) struct CiArguments {
    /// Skip the tests, for callers that have just run them
    #[arg(long)]
    skip_tests: bool,
}

/// A command of the list, as a user would type it.
struct Step {
    name: &'static str,
    command: &'static str,
    variable: Option<(&'static str, &'static str)>,
}

/// Runs the steps until one fails.
pub(crate) fn run(arguments: &CiArguments) -> Result<()> {
    let mut times = Vec::new();
    for step in steps(arguments.skip_tests, process::find("cargo-nextest").is_some()) {
        eprintln!("== {}: {}", step.name, step.shown());
        let started = Instant::now();
        step.run()?;
        times.push((step.name, started.elapsed()));
    }
    eprintln!("{}", summary(&times));
    Ok(())
}

fn steps(skip_tests: bool, nextest: bool) -> Vec<Step> {
    let step = |name, command| Step { name, command, variable: None };
    let mut steps = vec![
        step("format", "cargo fmt --all --check"),
        step("tidy", TIDY),
        step("lints", "cargo clippy --workspace --all-targets -- -D warnings"),
    ];
    if !skip_tests && nextest {
        steps.push(step("tests", "cargo nextest run --workspace"));
        steps.push(step("examples in docs", "cargo test --workspace --doc"));
    } else if !skip_tests {
        steps.push(step("tests", "cargo test --workspace"));
    }
    steps.push(Step {
        name: "docs",
        command: "cargo doc --workspace --no-deps",
        variable: Some(("RUSTDOCFLAGS", "-D warnings")),
    });
    steps
}

const TIDY: &str = "cargo xtask tidy";

impl Step {
    fn run(&self) -> Result<()> {
        if self.command == TIDY {
            return tidy::run();
        }
        let mut words = self.command.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).current_dir(files::workspace_root()).stdin(Stdio::null());
        command.envs(self.variable);
        let succeeded = command.status().is_ok_and(|status| status.success());
        if succeeded {
            return Ok(());
        }
        Err(Failure::new(format!("the step `{}` failed", self.name))
            .remedy(format!("fix it and run again: {}", self.shown())))
    }

    fn shown(&self) -> String {
        match self.variable {
            Some((name, value)) => format!("{name}='{value}' {}", self.command),
            None => self.command.to_owned(),
        }
    }
}

fn summary(times: &[(&str, Duration)]) -> String {
    let steps = times.iter().map(|(name, time)| format!("{name} {:.0} s", time.as_secs_f64()));
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    format!(
        "all checks passed: {}; {:.0} s",
        steps.collect::<Vec<_>>().join(", "),
        total.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_run_once_with_the_installed_runner() {
        let rows: [(bool, bool, &[&str]); 3] = [
            (true, true, &[]),
            (false, false, &["cargo test --workspace"]),
            (false, true, &["cargo nextest run --workspace", "cargo test --workspace --doc"]),
        ];
        for (skip_tests, nextest, expected) in rows {
            let steps = steps(skip_tests, nextest);
            let tests: Vec<&str> = steps
                .iter()
                .map(|step| step.command)
                .filter(|command| command.contains("test"))
                .collect();
            assert_eq!(tests, expected);
        }
    }

    #[test]
    fn a_step_is_shown_as_a_command_line() {
        let steps = steps(true, true);
        let docs = steps.last().map(Step::shown);
        let expected = "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps";
        assert_eq!(docs.as_deref(), Some(expected));
    }
}
