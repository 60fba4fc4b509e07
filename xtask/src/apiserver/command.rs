//! `cargo xtask apiserver`: a server to try things on by hand.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use clap::Args;

use super::{ApiServer, Authorization, Config, User};
use crate::assets::{Assets, Kubernetes};
use crate::failure::Result;

/// Start a real API server and print the KUBECONFIG of an admin
#[derive(Args)]
pub(crate) struct ApiserverArguments {
    /// Return when it is ready and let it run on: eval "$(cargo xtask apiserver --keep)"
    #[arg(long)]
    keep: bool,

    /// Which version to run, where KUBEBUILDER_ASSETS is not set
    #[arg(long, value_name = "VERSION", default_value = "1.20")]
    kubernetes: Kubernetes,

    /// Run kube-controller-manager too: default ServiceAccounts, aggregation, workloads
    #[arg(long)]
    with_controllers: bool,

    /// What the server asks for a verdict, in order: `RBAC`, `Node,RBAC`, `Node,ABAC,RBAC`
    #[arg(long, value_name = "MODES", default_value = "RBAC")]
    authorization_mode: String,

    /// The policies of ABAC, one JSON object a line
    #[arg(long, value_name = "FILE", value_parser = absolute)]
    abac_policy: Option<PathBuf>,

    /// An AuthorizationConfiguration instead, such as one with a webhook before RBAC; servers since 1.30 take it
    #[arg(long, value_name = "FILE", value_parser = absolute, conflicts_with_all = ["authorization_mode", "abac_policy"])]
    authorization_config: Option<PathBuf>,

    /// Make a kubeconfig with a client certificate for a user; may be repeated
    #[arg(long = "user", value_name = "NAME[=GROUP,..]", value_parser = parse_user)]
    users: Vec<User>,

    /// Make a kubeconfig with a bearer token for a user; may be repeated
    #[arg(long = "token-user", value_name = "NAME[=GROUP,..]", value_parser = parse_user)]
    token_users: Vec<User>,
}

/// Runs a server until it is interrupted, or leaves it running.
pub(crate) fn run(arguments: ApiserverArguments) -> Result<()> {
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
    };
    let server = ApiServer::start(&Assets::get(arguments.kubernetes)?, &config)?;

    for user in &arguments.users {
        announce(&format!("user `{}`", user.name), &server.certificate_kubeconfig(user)?);
    }
    for user in &config.token_users {
        announce(&format!("user `{}`, by token", user.name), &server.token_kubeconfig(user)?);
    }
    announce("no credentials", &server.anonymous_kubeconfig()?);
    announce("a token that is not known", &server.unknown_token_kubeconfig()?);
    println!("export KUBECONFIG={}", server.admin_kubeconfig()?.display());

    if arguments.keep {
        let folder = server.folder("");
        let ids: Vec<String> = server.leave_running().iter().map(u32::to_string).collect();
        eprintln!("running; end it with: kill {}; rm -r {}", ids.join(" "), folder.display());
        return Ok(());
    }
    eprintln!("running; end it with Ctrl-C");
    loop {
        server.check_alive()?;
        thread::sleep(Duration::from_secs(1));
    }
}

fn announce(who: &str, kubeconfig: &Path) {
    eprintln!("{who}: {}", kubeconfig.display());
}

/// Reads a path that the server, which runs in another folder, finds too.
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
    fn a_user_is_a_name_and_groups() {
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
