//! `cargo xtask record`: records facts from a real API server.
//!
//! ```text
//! API server -> discovery ---------> resources-vX.Y.json
//!            -> roles and bindings -> bootstrap-rbac-vX.Y.json
//!            -> audit log ---------> kubectl-vX.Y.tsv
//! ```

mod defaults;
mod kubectl;
mod resources;

use std::path::PathBuf;
use std::process::Command;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::apiserver::{ApiServer, Authorization, Config};
use crate::assets::{Assets, Kubernetes};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::{files, process};

/// The directory of the facts that rolecall embeds.
const FACTS: &str = "crates/rolecall-source/facts";

/// Record facts about Kubernetes from a real API server
#[derive(Args)]
pub struct RecordArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Facts(FactsArguments),
    Kubectl(kubectl::KubectlArguments),
}

/// Record the served resources and the default roles and bindings
///
/// Starts a server of the version, or asks the server of a kubeconfig, and writes
/// crates/rolecall-source/facts/. A cluster can contain other objects and resources; only a server
/// without any records facts that are true everywhere.
#[derive(Args)]
struct FactsArguments {
    /// Kubernetes version, unless KUBEBUILDER_ASSETS is set
    #[arg(long, value_name = "VERSION", default_value = "1.37")]
    kubernetes: Kubernetes,

    /// Ask the server of this kubeconfig, with the `kubectl` on the PATH
    #[arg(long, value_name = "FILE", conflicts_with = "kubernetes")]
    kubeconfig: Option<PathBuf>,

    /// Fail if the stored facts differ, and write nothing
    #[arg(long)]
    verify: bool,
}

/// Records facts and writes or verifies the stored ones.
pub fn run(arguments: &RecordArguments) -> Result<()> {
    match &arguments.what {
        What::Facts(facts) => record_facts(facts),
        What::Kubectl(commands) => kubectl::run(commands),
    }
}

fn record_facts(facts: &FactsArguments) -> Result<()> {
    let server = match &facts.kubeconfig {
        Some(_) => None,
        None => Some(start(facts.kubernetes)?),
    };
    let source = match (&server, &facts.kubeconfig) {
        (Some(server), _) => Source::Own(server, server.admin_kubeconfig()?),
        (None, Some(kubeconfig)) => Source::Given(kubeconfig.clone()),
        (None, None) => return Err(Failure::new("there is no server to ask")),
    };
    let version = source.version()?;
    let recorded = [
        (format!("resources-{version}.json"), resources::recorded(&source)?),
        (format!("bootstrap-rbac-{version}.json"), defaults::recorded(&source)?),
    ];
    for (name, text) in &recorded {
        store(name, text, facts.verify)?;
    }
    Ok(())
}

/// Writes a file of facts, or fails if the stored one differs.
fn store(name: &str, text: &str, verify: bool) -> Result<()> {
    let path = files::workspace_root().join(FACTS).join(name);
    if !verify {
        files::write(&path, text)?;
        eprintln!("wrote {FACTS}/{name}");
        return Ok(());
    }
    let stored = files::read(&path)?;
    let differs = |(old, new): (&str, &str)| old != new;
    match stored.lines().zip(text.lines()).position(differs) {
        None if stored.len() == text.len() => {
            eprintln!("{FACTS}/{name} equals the answers of the server");
            Ok(())
        }
        line => {
            let line = line.unwrap_or_else(|| stored.lines().count().min(text.lines().count())) + 1;
            Err(Failure::new(format!("{FACTS}/{name} differs from the server in line {line}"))
                .remedy("run the command without --verify, and look at `git diff`"))
        }
    }
}

fn start(version: Kubernetes) -> Result<ApiServer> {
    let config = Config {
        authorization: Authorization::mode("RBAC"),
        with_controllers: true,
        token_users: Vec::new(),
        with_audit_log: false,
    };
    ApiServer::start(&Assets::get(version)?, &config)
}

/// The server that is asked.
enum Source<'a> {
    /// A server that this task started, with the kubeconfig of its admin.
    Own(&'a ApiServer, PathBuf),
    /// The server of a kubeconfig.
    Given(PathBuf),
}

impl Source<'_> {
    /// Returns the JSON document at a path of the API.
    fn get(&self, path: &str) -> Result<Value> {
        let mut kubectl = match self {
            Self::Own(server, kubeconfig) => server.kubectl(kubeconfig),
            Self::Given(kubeconfig) => {
                let mut kubectl = Command::new("kubectl");
                kubectl.env("KUBECONFIG", kubeconfig);
                kubectl
            }
        };
        let text = process::output(kubectl.args(["get", "--raw", path]))?;
        serde_json::from_str(&text)
            .map_err(|error| Failure::new(format!("the answer to {path} is not JSON: {error}")))
    }

    /// Returns the version without the patch level, such as `v1.37`.
    fn version(&self) -> Result<String> {
        let answer = self.get("/version")?;
        let part = |name: &str| {
            let text = answer.get(name).and_then(Value::as_str).unwrap_or_default();
            let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
            digits.parse::<u32>().map_err(|_| Failure::new("the server has no version"))
        };
        Ok(format!("v{}.{}", part("major")?, part("minor")?))
    }
}

/// Returns one line for each value, in a JSON list.
fn lines(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n")
}
