//! `cargo xtask record kubectl`: records what command lines of kubectl and helm request.
//!
//! ```text
//! commands.txt -> run as an admin ----------> asked  (audit log)
//!              -> run with exactly these rights, fewer each time -> needed
//! ```
//!
//! A command that waits is stopped; a command that talks to a kubelet fails after its last authorized
//! request. Such a command needs the rights with which it behaves as it does for an admin.

mod audit;
mod stage;

use std::collections::BTreeSet;

use clap::Args;

use self::audit::Request;
use self::stage::{Line, Ran, Stage};
use crate::apiserver::{ApiServer, Authorization, Config};
use crate::assets::{Assets, Kubernetes};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

/// The directory of the recorded table, of its commands, and of the objects for them.
const RECORDED: &str = "crates/rolecall-check/tests/recorded";

/// The maximum number of times that a command gets the rights that it lacked.
const ATTEMPTS: usize = 8;

/// Record the requests that command lines of kubectl and helm make
///
/// Runs each line of crates/rolecall-check/tests/recorded/commands.txt against a server with an
/// audit log: as an admin, then as a user who holds exactly the rights seen, then with fewer rights,
/// until none can be left out. Writes both sets of requests to a table of the server's version.
/// For `[SETUP] COMMAND`, an admin runs SETUP first. Uses the `helm` on the PATH.
#[derive(Args)]
pub(super) struct KubectlArguments {
    /// Kubernetes version, unless KUBEBUILDER_ASSETS is set
    #[arg(long, value_name = "VERSION", default_value = "1.37")]
    kubernetes: Kubernetes,

    /// Record only lines that contain this text, and print them instead
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
}

/// Records the table.
pub(super) fn run(arguments: &KubectlArguments) -> Result<()> {
    let folder = files::workspace_root().join(RECORDED);
    let assets = Assets::get(arguments.kubernetes)?;
    let config = Config {
        authorization: Authorization::mode("RBAC"),
        with_controllers: true,
        token_users: Vec::new(),
        with_audit_log: true,
    };
    let stage = Stage::new(ApiServer::start(&assets, &config)?, &folder)?;
    let commands = files::read(&folder.join("commands.txt"))?;
    let lines = commands.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut failures = Vec::new();
    let mut rows = vec!["command\tasked\tneeded".to_owned()];
    for line in lines {
        if arguments.only.as_ref().is_some_and(|only| !line.contains(only.as_str())) {
            continue;
        }
        match record(&stage, line) {
            Ok(row) => {
                eprintln!("{row}");
                rows.push(row);
            }
            Err(failure) => failures.push(failure.to_string()),
        }
    }
    if !failures.is_empty() {
        return Err(Failure::new(failures.join("\n")));
    }
    if arguments.only.is_some() {
        return Ok(());
    }
    let version = assets.minor()?;
    let name = format!("kubectl-v1.{version}.tsv");
    files::write(&folder.join(&name), &(rows.join("\n") + "\n"))?;
    eprintln!("wrote {RECORDED}/{name}");
    Ok(())
}

/// Returns the row of a command.
fn record(stage: &Stage, line: &str) -> Result<String> {
    let line = Line::read(line);
    let admin = stage.run_as_admin(&line)?;
    let mut asked: BTreeSet<Request> = admin.requests().cloned().collect();
    let mut held: BTreeSet<Request> = asked.iter().map(Request::right).collect();
    let mut attempts = 0;
    loop {
        let ran = stage.run_with(&held, &line)?;
        asked.extend(ran.requests().cloned());
        if ran.gets_as_far_as(&admin) {
            break;
        }
        // The server also authorizes within a request: an apply that creates, and rights that are granted.
        let within = Request::refused_in(&ran.text);
        asked.extend(within.iter().cloned());
        let lacking: BTreeSet<Request> = ran.refused().chain(&within).map(Request::right).collect();
        attempts += 1;
        if lacking.is_subset(&held) || attempts == ATTEMPTS {
            return Err(Failure::new(format!(
                "`{}` does not work with the rights to what it requests:\n{}",
                line.command, ran.text
            )));
        }
        held.extend(lacking);
    }
    for right in held.clone() {
        let mut fewer = held.clone();
        fewer.remove(&right);
        let ran = stage.run_with(&fewer, &line)?;
        asked.extend(ran.requests().cloned());
        if ran.gets_as_far_as(&admin) {
            held = fewer;
        }
    }
    let needed = asked.iter().filter(|request| held.contains(&request.right()));
    Ok(format!("{}\t{}\t{}", line.command, listed(asked.iter()), listed(needed)))
}

impl Ran {
    /// Returns whether a command ends as it does for an admin. It can ignore a refusal, or report it and continue. But if
    /// a change was refused, the command has failed, even with exit code 0.
    fn gets_as_far_as(&self, admin: &Self) -> bool {
        let is_success = self.code == Some(0) && !self.refused().any(Request::is_change);
        self.code == admin.code && (is_success || !self.text.contains("forbidden"))
    }
}

fn listed<'a>(requests: impl Iterator<Item = &'a Request>) -> String {
    requests.map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
