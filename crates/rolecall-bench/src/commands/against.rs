//! Another revision of rolecall, built for comparison.

use std::path::{Path, PathBuf};
use std::process::Command;

use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// Another revision and its binary.
#[derive(Debug)]
pub(super) struct Revision {
    /// The name in Git, as it was given.
    pub(super) name: String,
    /// The binary.
    pub(super) program: PathBuf,
}

impl Revision {
    /// Checks the revision out next to the build directory and builds it.
    pub(super) fn build(name: &str, profile: &str) -> Result<Self> {
        let root = files::workspace_root();
        let resolve = ["rev-parse", "--verify", "--quiet", "--end-of-options"];
        let commit = process::output(
            Command::new("git").args(resolve).arg(format!("{name}^{{commit}}")).current_dir(&root),
        )
        .map_err(|_| Failure::new(format!("`{name}` is not a revision of this repository")))?;
        let commit = commit.trim();
        let folder = root.join("target/bench").join(commit);
        if !folder.join("Cargo.toml").exists() {
            let mut checkout = Command::new("git");
            checkout.args(["worktree", "add", "--quiet", "--force", "--detach"]);
            process::output(checkout.arg(&folder).arg(commit).current_dir(&root))?;
        }
        eprintln!("building {name} with the profile `{profile}`");
        let build = ["build", "--quiet", "--package", "rolecall", "--bin", "rolecall", "--profile"];
        let target = root.join("target/bench/build");
        let mut cargo = Command::new("cargo");
        cargo.args(build).arg(profile).arg("--target-dir").arg(&target).current_dir(&folder);
        process::output(&mut cargo)?;
        let program = binary(&target, profile);
        Ok(Self { name: name.to_owned(), program })
    }
}

fn binary(target: &Path, profile: &str) -> PathBuf {
    let folder = if profile == "dev" { "debug" } else { profile };
    target.join(folder).join(format!("rolecall{}", std::env::consts::EXE_SUFFIX))
}
