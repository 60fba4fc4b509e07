//! `cargo xtask generate`: inputs of any size, the same bytes for the same seed.

pub mod cluster;
pub mod logs;
pub mod manifests;
mod random;
pub mod reviews;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
pub use random::Random;

/// Write a cluster, a manifest tree, reviews or logs of a realistic shape
#[derive(Args, Debug)]
pub struct GenerateArguments {
    /// What to write
    #[arg(value_enum, default_value = "cluster")]
    pub what: What,
    /// How much of it
    #[arg(long, value_enum, default_value = "small")]
    pub preset: Preset,
    /// The seed of everything random
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The file, or for manifests the folder, to write; stdout when absent
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// How many megabytes of logs, lines of reviews or files of manifests
    #[arg(long)]
    pub amount: Option<usize>,
}

/// What `generate` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// A JSON List of RBAC objects, ServiceAccounts, Namespaces and Pods
    Cluster,
    /// A folder of mixed YAML manifests, one in twenty RBAC
    Manifests,
    /// SubjectAccessReviews as JSON lines, for the cluster of the same preset and seed
    Reviews,
    /// Container logs in which some lines are refusals
    Refusals,
    /// An audit log in JSON lines
    Audit,
}

/// How large a cluster is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// 1,504 RoleBindings, 196 ClusterRoleBindings, 127 Roles, 219 ClusterRoles
    Small,
    /// 4,491 RoleBindings, 676 ClusterRoleBindings, 1,374 Roles, 721 ClusterRoles
    Big,
    /// Ten times big, with 100,000 Pods
    Huge,
}

/// Writes what the arguments ask for.
pub fn run(arguments: &GenerateArguments) -> io::Result<()> {
    let GenerateArguments { what, preset, seed, out, amount } = arguments;
    if *what == What::Manifests {
        let folder = out.clone().unwrap_or_else(|| PathBuf::from("manifests-generated"));
        return manifests::write(&folder, amount.unwrap_or(1_000), *seed);
    }
    let mut writer: Box<dyn Write> = match out {
        Some(path) => Box::new(io::BufWriter::new(std::fs::File::create(path)?)),
        None => Box::new(io::BufWriter::new(io::stdout().lock())),
    };
    match what {
        What::Cluster => cluster::write(&mut writer, *preset, *seed)?,
        What::Reviews => {
            reviews::write(&mut writer, *preset, *seed, amount.unwrap_or(100_000))?;
        }
        What::Refusals => logs::write_refusals(&mut writer, *seed, amount.unwrap_or(10))?,
        What::Audit => logs::write_audit(&mut writer, *seed, amount.unwrap_or(10))?,
        What::Manifests => {}
    }
    writer.flush()
}
