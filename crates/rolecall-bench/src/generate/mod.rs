//! `cargo xtask generate`: generates inputs of any size, deterministically from a seed.

pub mod audit;
pub mod cluster;
pub mod limits;
pub mod logs;
pub mod manifests;
pub mod overlays;
mod random;
pub mod reviews;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
pub use random::Random;

/// Generate a cluster, manifests, reviews or logs with a realistic structure
#[derive(Args, Debug)]
pub struct GenerateArguments {
    /// Kind of input to generate
    #[arg(value_enum, default_value = "cluster")]
    pub what: What,
    /// Size of the cluster
    #[arg(long, value_enum, default_value = "small")]
    pub preset: Preset,
    /// Seed of the random numbers
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// File to write, or directory for manifests and overlays; defaults to stdout
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// Number of megabytes of logs, reviews, manifest files or overlays
    #[arg(long)]
    pub amount: Option<usize>,
}

/// The inputs that `generate` can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// A JSON List of RBAC objects, ServiceAccounts, Namespaces and Pods
    Cluster,
    /// The same a week later: without some of the bindings, and with wider roles
    Later,
    /// A directory of mixed YAML manifests; one in twenty is RBAC
    Manifests,
    /// A directory of Kustomize overlays
    Overlays,
    /// SubjectAccessReviews as JSON lines, for the cluster of the same preset and seed
    Reviews,
    /// Container logs that contain refusals
    Refusals,
    /// An audit log as JSON lines
    Audit,
    /// A custom resource with 20,000 pod specs
    Pods,
    /// A ClusterRole with hundreds of overlapping rules
    Overlaps,
    /// Thousands of ClusterRoles that select each other
    Aggregated,
    /// A rule with billions of combinations
    Product,
    /// Rules for resources that no server serves
    Unserved,
}

/// The size of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// 1,504 RoleBindings, 196 ClusterRoleBindings, 127 Roles, 219 ClusterRoles
    Small,
    /// 4,491 RoleBindings, 676 ClusterRoleBindings, 1,374 Roles, 721 ClusterRoles
    Big,
    /// Ten times `big`, with 100,000 Pods
    Huge,
}

/// Generates the requested input.
pub fn run(arguments: &GenerateArguments) -> io::Result<()> {
    let GenerateArguments { what, preset, seed, out, amount } = arguments;
    if *what == What::Manifests {
        let folder = out.clone().unwrap_or_else(|| PathBuf::from("manifests-generated"));
        return manifests::write(&folder, amount.unwrap_or(1_000), *seed);
    }
    if *what == What::Overlays {
        let folder = out.clone().unwrap_or_else(|| PathBuf::from("overlays-generated"));
        return overlays::write(&folder, amount.unwrap_or(200));
    }
    let mut writer: Box<dyn Write> = match out {
        Some(path) => Box::new(io::BufWriter::new(std::fs::File::create(path)?)),
        None => Box::new(io::BufWriter::new(io::stdout().lock())),
    };
    match what {
        What::Cluster => cluster::write(&mut writer, *preset, *seed)?,
        What::Later => cluster::write_later(&mut writer, *preset, *seed)?,
        What::Reviews => {
            reviews::write(&mut writer, *preset, *seed, amount.unwrap_or(100_000))?;
        }
        What::Refusals => logs::write_refusals(&mut writer, *seed, amount.unwrap_or(10))?,
        What::Audit => audit::write_audit(&mut writer, *seed, amount.unwrap_or(10))?,
        What::Pods => limits::write_pods(&mut writer)?,
        What::Overlaps => limits::write_overlaps(&mut writer, *seed)?,
        What::Aggregated => limits::write_aggregated(&mut writer)?,
        What::Product => limits::write_product(&mut writer)?,
        What::Unserved => limits::write_unserved(&mut writer)?,
        What::Manifests | What::Overlays => {}
    }
    writer.flush()
}
