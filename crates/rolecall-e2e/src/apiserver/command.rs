//! `cargo xtask apiserver`: a server for manual testing.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;

use super::{ApiServer, Authorization, Config, User};
use crate::assets::{Assets, Kubernetes};
use rolecall_task::failure::Result;

/// Start a real API server and print the KUBECONFIG of an admin
#[derive(Args)]
pub struct ApiserverArguments {
    /// Return when the server is ready and leave it running: eval "$(cargo xtask apiserver --keep)"
    #[arg(long)]
    keep: bool,

    /// Kubernetes version, unless KUBEBUILDER_ASSETS is set
    #[arg(long, value_name = "VERSION", default_value = "1.20")]
    kubernetes: Kubernetes,

    /// Also run kube-controller-manager: default ServiceAccounts, aggregation, workloads
    #[arg(long)]
    with_controllers: bool,

    /// Authorizers in order, for example `RBAC`, `Node,RBAC` or `Node,ABAC,RBAC`
    #[arg(long, value_name = "MODES", default_value = "RBAC")]
    authorization_mode: String,

    /// ABAC policy, one JSON object per line
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    abac_policy: Option<PathBuf>,

    /// AuthorizationConfiguration file, for example with a webhook before RBAC (Kubernetes 1.30 or
    /// later)
    #[arg(long, value_name = "FILE", value_parser = absolute, conflicts_with_all = ["authorization_mode", "abac_policy"])]
    authorization_config: Option<PathBuf>,

    /// Create a kubeconfig with a client certificate for a user (repeatable)
    #[arg(long = "user", value_name = "NAME[=GROUP,..]", value_parser = parse_user)]
    users: Vec<User>,

    /// Create a kubeconfig with a bearer token for a user (repeatable)
    #[arg(long = "token-user", value_name = "NAME[=GROUP,..]", value_parser = parse_user)]
    token_users: Vec<User>,
}

/// Runs a server until it is interrupted, or leaves it running.
pub fn run(arguments: ApiserverArguments) -> Result<()> {
    let authorization = match arguments.authorization_config {
        Some(path) => Authorization::Config(path),
        None => Authorization::Mode {
            mode: arguments.authorization_mode,
            abac_policy: arguments.abac_policy,
        },
    };
    let config = Config {
        authorization,
        with_controllers: arguments.with_controllers,
        token_users: arguments.token_users,
        with_audit_log: false,
    };
    let server = ApiServer::start(&Assets::get(arguments.kubernetes)?, &config)?;

    for user in &arguments.users {
        announce(&format!("user `{}`", user.name), &server.certificate_kubeconfig(user)?);
    }
    for user in &config.token_users {
        announce(&format!("user `{}`, by token", user.name), &server.token_kubeconfig(user)?);
    }
    announce("no credentials", &server.anonymous_kubeconfig()?);
    announce("an unknown token", &server.unknown_token_kubeconfig()?);
    println!("export KUBECONFIG={}", server.admin_kubeconfig()?.display());

    if arguments.keep {
        let folder = server.folder("");
        let ids: Vec<String> = server.leave_running().iter().map(u32::to_string).collect();
        eprintln!("running; stop it with: kill {}; rm -r {}", ids.join(" "), folder.display());
        return Ok(());
    }
    eprintln!("running; stop it with Ctrl-C");
    loop {
        server.check_alive()?;
        thread::sleep(Duration::from_secs(1));
    }
}

fn announce(who: &str, kubeconfig: &Path) {
    eprintln!("{who}: {}", kubeconfig.display());
}

/// Makes a path absolute, because the server runs in another directory.
fn absolute(text: &str) -> std::result::Result<PathBuf, String> {
    std::fs::canonicalize(text).map_err(|error| error.to_string())
}

fn parse_user(text: &str) -> std::result::Result<User, String> {
    let (name, groups) = text.split_once('=').unwrap_or((text, ""));
    if name.is_empty() {
        return Err("a user needs a name".to_owned());
    }
    let groups = groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect();
    Ok(User { name: name.to_owned(), groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_and_groups() {
        let user = |name: &str, groups: &[&str]| User {
            name: name.into(),
            groups: groups.iter().map(|&group| group.into()).collect(),
        };
        let rows = [
            ("dev", Ok(user("dev", &[]))),
            ("system:node:a=system:nodes", Ok(user("system:node:a", &["system:nodes"]))),
            ("dev=a,b", Ok(user("dev", &["a", "b"]))),
            ("=a", Err("a user needs a name".to_owned())),
        ];
        for (text, expected) in rows {
            assert_eq!(parse_user(text), expected, "{text}");
        }
    }
}
