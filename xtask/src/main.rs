//! Development tasks, run as `cargo xtask TASK`.

mod apiserver;
mod assets;
mod bench;
mod ci;
mod e2e;
mod failure;
mod files;
mod interrupt;
mod process;
mod tidy;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::apiserver::ApiserverArguments;
use crate::assets::AssetsArguments;
use crate::bench::BenchArguments;
use crate::ci::CiArguments;
use crate::e2e::E2eArguments;
use crate::failure::{Failure, Result};
use xtask::generate::{self, GenerateArguments};

/// Development tasks of rolecall
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    Assets(AssetsArguments),
    Apiserver(ApiserverArguments),
    Bench(BenchArguments),
    Ci(CiArguments),
    E2e(E2eArguments),
    Generate(GenerateArguments),
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
        Task::Assets(arguments) => assets::run(&arguments),
        Task::Apiserver(arguments) => apiserver::run(arguments),
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Ci(arguments) => ci::run(&arguments),
        Task::E2e(arguments) => e2e::run(&arguments),
        Task::Generate(arguments) => generate::run(&arguments)
            .map_err(|error| Failure::new(format!("cannot write: {error}"))),
        Task::Tidy => tidy::run(),
    }
}
