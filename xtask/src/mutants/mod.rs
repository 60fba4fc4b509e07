//! `cargo xtask mutants`: measures how many mutants of a crate its own tests catch, with
//! cargo-mutants.
//!
//! ```text
//! cargo mutants --list -> seeded order -> shard -> batches -> [ tree ] cargo mutants --in-place
//!                                                    ^                         |
//!                                                    +-- outcomes, stored <----+
//! ```
//!
//! Mutants are tested in a separate work tree with its own target directory, so that each one costs
//! an incremental build. Outcomes are stored after each batch, and an interrupted run continues.

mod accepted;
mod outcomes;
mod sample;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use self::accepted::Accepted;
use self::outcomes::{Outcome, Outcomes};
use self::sample::Shard;
use crate::failure::{Failure, Result};
use crate::{files, process};

/// The version of cargo-mutants; others find other mutants.
const VERSION: &str = "27.1.0";

/// The mutants that are tested before their outcomes are stored.
const BATCH: usize = 8;

/// Test a seeded sample of a crate's mutants with the crate's own tests
#[derive(Args)]
pub(crate) struct MutantsArguments {
    /// The crate
    #[arg(long, short, default_value = "rolecall-rbac")]
    package: String,

    /// Number of viable mutants in the sample
    #[arg(long, default_value_t = 300)]
    sample: usize,

    /// The order of the mutants depends only on this number
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Test only one part of the sample, such as 1/4
    #[arg(long, default_value = "1/1")]
    shard: Shard,

    /// Only mutants in files whose path contains this text
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    file: String,

    /// Test the mutants again that survived the last run
    #[arg(long)]
    retry: bool,

    /// Print the stored outcomes and test nothing
    #[arg(long)]
    report: bool,
}

/// Tests mutants until the sample is complete, then prints the survivors.
pub(crate) fn run(arguments: &MutantsArguments) -> Result<()> {
    let package = &arguments.package;
    let root = files::workspace_root();
    let folder = root.join("target/mutants").join(package);
    files::make_dir(&folder)?;
    let tree = Tree { folder: folder.join("tree"), package: package.clone() };
    let source = tree.update(&root)?;
    let mut outcomes = Outcomes::load(&folder.join("outcomes.json"), &source)?;
    if arguments.retry {
        outcomes.forget_survivors();
    }
    let listed = tree.list()?;
    let names = listed.lines().filter(|name| name.contains(&arguments.file));
    let order = sample::seeded(names, arguments.seed);
    let order: Vec<&str> = order.into_iter().filter(|name| arguments.shard.has(name)).collect();
    let wanted = arguments.shard.part_of(arguments.sample);
    let next_batch = |outcomes: &Outcomes| {
        let missing = wanted.saturating_sub(outcomes.viable(&order));
        let rest = order.iter().filter(|name| outcomes.get(name).is_none());
        let batch: Vec<&str> = rest.take(missing.min(BATCH)).copied().collect();
        (!batch.is_empty() && !arguments.report).then_some(batch)
    };
    while let Some(batch) = next_batch(&outcomes) {
        outcomes.extend(tree.test(&batch)?);
        outcomes.store()?;
        eprintln!("{} of {wanted} viable mutants tested", outcomes.viable(&order));
    }
    report(&outcomes, &order, &Accepted::read(&root.join("xtask/mutants.yaml"))?)
}

fn report(outcomes: &Outcomes, order: &[&str], accepted: &Accepted) -> Result<()> {
    let survivors = order.iter().filter(|name| outcomes.get(name) == Some(Outcome::Survived));
    let (known, missed): (Vec<&str>, Vec<&str>) =
        survivors.copied().partition(|name| accepted.contains(name));
    for name in &missed {
        println!("survived: {name}");
    }
    let viable = outcomes.viable(order);
    let relevant = viable - known.len();
    let caught = relevant - missed.len();
    println!(
        "{caught} of {relevant} mutants caught ({:.1} %), {} accepted, {} not viable",
        100.0 * caught as f64 / relevant.max(1) as f64,
        known.len(),
        order.iter().filter(|name| outcomes.get(name) == Some(Outcome::Unviable)).count(),
    );
    Ok(())
}

/// A work tree in which files are mutated.
struct Tree {
    folder: PathBuf,
    package: String,
}

impl Tree {
    /// Checks out the current commit, and returns the hash of the crate's sources.
    fn update(&self, root: &Path) -> Result<String> {
        let git = |folder: &Path, words: &[&str]| {
            process::output(Command::new("git").arg("-C").arg(folder).args(words))
        };
        let head = git(root, &["rev-parse", "HEAD"])?;
        if self.folder.exists() {
            git(&self.folder, &["reset", "--hard", "--quiet", head.trim()])?;
        } else {
            let folder = self.folder.to_string_lossy();
            git(root, &["worktree", "prune"])?;
            git(root, &["worktree", "add", "--detach", &folder, head.trim()])?;
        }
        let path = format!("HEAD:crates/{}/src", self.package);
        Ok(git(&self.folder, &["rev-parse", &path])?.trim().to_owned())
    }

    fn list(&self) -> Result<String> {
        process::output(self.cargo_mutants()?.arg("--list"))
    }

    /// Tests mutants and returns their outcomes.
    fn test(&self, names: &[&str]) -> Result<Vec<(String, Outcome)>> {
        let output = self.folder.with_file_name("output");
        let mut command = self.cargo_mutants()?;
        command.args(["--in-place", "--baseline", "skip", "--timeout", "600"]);
        command.args(["--minimum-test-timeout", "60", "--output"]).arg(&output);
        for name in names {
            command.arg("--re").arg(format!("^{}$", sample::escaped(name)));
        }
        // The exit code says whether a mutant survived; outcomes.json says which.
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        status.map_err(|error| process::failure(&command, &error))?;
        let path = output.join("mutants.out/outcomes.json");
        let found = outcomes::parse(&files::read(&path)?)?;
        match found.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => Err(Failure::new(format!("cargo-mutants tested `{name}` instead"))),
            None if found.is_empty() => Err(Failure::new("cargo-mutants tested no mutant")
                .remedy(format!("read the logs in `{}`", output.display()))),
            None => Ok(found),
        }
    }

    fn cargo_mutants(&self) -> Result<Command> {
        let mut version = Command::new("cargo-mutants");
        let version = process::output(version.arg("--version")).unwrap_or_default();
        if version.split_whitespace().nth(1) != Some(VERSION) {
            return Err(Failure::new(format!("cargo-mutants {VERSION} is missing"))
                .remedy(format!("cargo install --locked cargo-mutants@{VERSION}")));
        }
        let mut command = Command::new("cargo-mutants");
        command.args(["mutants", "--no-shuffle", "--package", &self.package]);
        command.current_dir(&self.folder).env_remove("CARGO_TARGET_DIR");
        Ok(command)
    }
}
