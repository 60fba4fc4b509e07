//! Development tasks, run as `cargo xtask TASK`.

mod ci;
mod dist;
mod fuzz;
mod mutants;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::ci::CiArguments;
use crate::dist::DistArguments;
use crate::fuzz::FuzzArguments;
use crate::mutants::MutantsArguments;
use rolecall_bench::commands::{self, BenchArguments};
use rolecall_bench::generate::{self, GenerateArguments};
#[cfg(unix)]
use rolecall_e2e::{apiserver, assets, record, scenarios};
use rolecall_task::failure::{Failure, Result};

/// Development tasks of rolecall
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    #[cfg(unix)]
    Assets(assets::AssetsArguments),
    #[cfg(unix)]
    Apiserver(apiserver::ApiserverArguments),
    Bench(BenchArguments),
    Ci(CiArguments),
    Dist(DistArguments),
    #[cfg(unix)]
    E2e(scenarios::E2eArguments),
    Fuzz(FuzzArguments),
    Generate(GenerateArguments),
    Mutants(MutantsArguments),
    #[cfg(unix)]
    Record(record::RecordArguments),
    /// Check the repository's rules: dependencies, purity, fixtures, file lengths
    Tidy,
}

fn main() -> ExitCode {
    match run(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        #[cfg(unix)]
        Task::Assets(arguments) => assets::run(&arguments),
        #[cfg(unix)]
        Task::Apiserver(arguments) => apiserver::run(arguments),
        Task::Bench(arguments) => commands::run(&arguments),
        Task::Ci(arguments) => ci::run(&arguments),
        Task::Dist(arguments) => dist::run(&arguments),
        #[cfg(unix)]
        Task::E2e(arguments) => scenarios::run(&arguments),
        Task::Fuzz(arguments) => fuzz::run(&arguments),
        Task::Mutants(arguments) => mutants::run(&arguments),
        #[cfg(unix)]
        Task::Record(arguments) => record::run(&arguments),
        Task::Generate(arguments) => generate::run(&arguments)
            .map_err(|error| Failure::new(format!("cannot write: {error}"))),
        Task::Tidy => tidy::run(),
    }
}
