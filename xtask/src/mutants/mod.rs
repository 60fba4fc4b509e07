//! `cargo xtask mutants`: measures how many mutants of a crate its own tests catch, with
//! cargo-mutants.
//!
//! ```text
//! cargo mutants --list -> seeded order -> shard -> next -> [ tree ] cargo mutants --in-place
//!                                                   ^                       |
//!                                                   +--- outcome, stored <--+
//! ```
//!
//! Mutants are tested in a separate work tree with its own target directory, so that each one costs
//! an incremental build. Each outcome is stored, and an interrupted run continues. Only committed
//! changes are tested.

mod accepted;
mod outcomes;
mod sample;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;

use self::accepted::Accepted;
use self::outcomes::{Outcome, Outcomes};
use self::sample::Shard;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The version of cargo-mutants; others find other mutants.
const VERSION: &str = "27.1.0";

/// The time after which the tests of a mutant count as endless, and the mutant as caught.
const TIMEOUT: &str = "120";

/// The test that replays recordings of real servers. It runs longer than all others together, and
/// tables must catch a mutant without it.
const GOLDEN: &str = "golden";

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

    /// Run only the unit tests and these test targets [default: all except `golden`]
    #[arg(long = "test", value_name = "NAME")]
    tests: Vec<String>,

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
    let tree = Tree { folder: folder.join("tree"), output: folder.join("output"), package };
    let source = tree.update(&root)?;
    let tests = match &*arguments.tests {
        [] => tree.tests()?,
        chosen => chosen.to_vec(),
    };
    let mut outcomes = Outcomes::load(&folder.join("outcomes.json"), &source)?;
    if arguments.retry {
        outcomes.forget_survivors();
    }
    let listed = tree.list()?;
    let listed: Vec<&str> = listed.lines().collect();
    let names = listed.iter().copied().filter(|name| name.contains(&arguments.file));
    let order = sample::seeded(names, arguments.seed);
    let order: Vec<&str> = order.into_iter().filter(|name| arguments.shard.has(name)).collect();
    let wanted = arguments.shard.part_of(arguments.sample);
    let next = |outcomes: &Outcomes| {
        let is_missing = !arguments.report && outcomes.viable(&order) < wanted;
        let mut rest = order.iter().copied().filter(|name| outcomes.get(name).is_none());
        rest.next().filter(|_| is_missing)
    };
    if next(&outcomes).is_some() {
        tree.test_unchanged(&tests)?;
    }
    while let Some(name) = next(&outcomes) {
        let outcome = tree.test(name, &listed, &tests)?;
        outcomes.add(name, outcome);
        outcomes.store()?;
        eprintln!("{} of {wanted}: {outcome:?} {name}", outcomes.viable(&order));
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

/// A work tree in which files of one crate are mutated.
struct Tree<'a> {
    folder: PathBuf,
    /// The folder for the logs of cargo-mutants.
    output: PathBuf,
    package: &'a str,
}

impl Tree<'_> {
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

    /// Runs the tests without a mutant: otherwise one that fails would seem to catch all.
    fn test_unchanged(&self, tests: &[String]) -> Result<()> {
        let mut command = Command::new("cargo");
        command.args(["test", "--quiet", "--package", self.package, "--profile", "mutants"]);
        command.args(["--all-features", "--lib"]);
        command.args(tests.iter().map(|test| format!("--test={test}")));
        command.current_dir(&self.folder).env_remove("CARGO_TARGET_DIR");
        process::output(&mut command).map(drop)
    }

    /// Tests one of the listed mutants.
    ///
    /// It is selected as a shard of one mutant, because the filters of cargo-mutants 27.1.0 for
    /// names do not apply to deleted fields.
    fn test(&self, name: &str, listed: &[&str], tests: &[String]) -> Result<Outcome> {
        let position = listed.iter().position(|other| *other == name).unwrap_or_default();
        let mut command = self.cargo_mutants()?;
        command.args(["--in-place", "--baseline", "skip", "--timeout", TIMEOUT]);
        command.args(["--shard", &format!("{position}/{}", listed.len())]);
        command.args(["--profile", "mutants", "--all-features", "--cargo-arg=--lib"]);
        command.arg("--output").arg(&self.output);
        command.args(tests.iter().map(|test| format!("--cargo-arg=--test={test}")));
        // Each mutant meets the same random input, and no test looks for a short one.
        command.env("PROPTEST_RNG_SEED", "1").env("PROPTEST_MAX_SHRINK_ITERS", "0");
        // The exit code says whether the mutant survived; outcomes.json says which one it was.
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
        status.map_err(|error| process::failure(&command, &error))?;
        let path = self.output.join("mutants.out/outcomes.json");
        match &*outcomes::parse(&files::read(&path)?)? {
            [(tested, outcome)] if tested == name => Ok(*outcome),
            tested => Err(Failure::new(format!("cargo-mutants tested {tested:?}, not `{name}`"))
                .remedy(format!("read the logs in `{}`", self.output.display()))),
        }
    }

    /// Returns the names of the crate's test targets that catch mutants.
    fn tests(&self) -> Result<Vec<String>> {
        let entries =
            files::list_dir(&self.folder.join("crates").join(self.package).join("tests"))?;
        let is_test = |path: &PathBuf| {
            path.extension().is_some_and(|end| end == "rs") || path.join("main.rs").exists()
        };
        let names = entries.iter().filter(|path| is_test(path)).filter_map(|path| path.file_stem());
        let names = names.map(|name| name.to_string_lossy().into_owned());
        Ok(names.filter(|name| name != GOLDEN).collect())
    }

    fn cargo_mutants(&self) -> Result<Command> {
        let mut version = Command::new("cargo-mutants");
        let version = process::output(version.args(["mutants", "--version"])).unwrap_or_default();
        if version.split_whitespace().nth(1) != Some(VERSION) {
            return Err(Failure::new(format!("cargo-mutants {VERSION} is missing"))
                .remedy(format!("cargo install --locked cargo-mutants@{VERSION}")));
        }
        let mut command = Command::new("cargo-mutants");
        command.args(["mutants", "--no-shuffle", "--package", self.package]);
        command.current_dir(&self.folder).env_remove("CARGO_TARGET_DIR");
        Ok(command)
    }
}
