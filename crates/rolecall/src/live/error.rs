//! Errors of the cluster with what the reader can do about them.

use rolecall_rbac::edit_distance;
use rolecall_source::cluster::{ConfigError, ConnectProblem, PluginProblem, RequestError};

use crate::error::{CommandError, Hint};

/// Adds hints to what keeps a cluster from being asked at all.
pub(crate) fn config_error(error: ConfigError) -> CommandError {
    let hints = match &error {
        ConfigError::NoCluster => vec![
            Hint::pass("--kubeconfig PATH", "say which cluster"),
            Hint::pass("-f PATH", "read manifests or a snapshot instead"),
        ],
        ConfigError::UnreadableKubeconfig { .. } => {
            vec![Hint::pass("--kubeconfig PATH", "name another file")]
        }
        ConfigError::MalformedKubeconfig { path, line } => {
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            vec![Hint::edit(format!("`{}{line}`", path.display()), "mend the YAML")]
        }
        ConfigError::NoContext { known } => context_hints("", known),
        ConfigError::UnknownContext { context, known } => context_hints(context, known),
        ConfigError::NoServer { cluster, .. } => vec![Hint::run(
            format!("kubectl config set-cluster {cluster} --server=https://HOST:PORT"),
            "name its server",
        )],
        ConfigError::Plugin { command, problem, .. } => match problem {
            PluginProblem::NotRun => {
                vec![Hint::run(format!("command -v {command}"), "see whether it is installed")]
            }
            PluginProblem::Unnamed => Vec::new(),
            _ => vec![Hint::run(
                "kubectl config view --minify",
                "see how the plugin is called, and call it so by itself",
            )],
        },
        ConfigError::GroupsWithoutUser => {
            vec![Hint::pass("--as USER", "impersonate somebody in these groups")]
        }
        ConfigError::UnreadableMount { .. } => {
            vec![Hint::run("rolecall doctor", "see what this Pod was given")]
        }
        ConfigError::MixedKubeconfigs
        | ConfigError::MalformedServer { .. }
        | ConfigError::UnsupportedProxy
        | ConfigError::Credential { .. } => {
            vec![Hint::run("kubectl config view --minify", "see what the context says")]
        }
    };
    hints.into_iter().fold(CommandError::cluster(error), CommandError::with_hint)
}

/// Credentials that the server does not know, or no longer.
#[derive(Debug, thiserror::Error)]
#[error("`{server}` does not accept the credentials")]
struct Unaccepted {
    server: String,
    source: RequestError,
}

/// Somebody whom the caller may not impersonate.
#[derive(Debug, thiserror::Error)]
#[error("the server does not let you impersonate somebody else")]
struct NotImpersonated {
    source: RequestError,
}

/// Adds hints to a request that got no usable answer.
pub(crate) fn request_error(server: &str, error: RequestError) -> CommandError {
    let hint = match &error {
        RequestError::Refused(refusal) => match refusal.code {
            401 => Some(Hint::run(
                "kubectl config view --minify",
                "see which credentials are used; they have expired or are another cluster's",
            )),
            403 if refusal.is_of_impersonation() => None,
            403 => Some(Hint::run("rolecall whoami", "see who the server takes you for")),
            _ => None,
        },
        RequestError::Unreachable { source, .. } => Some(match source {
            ConnectProblem::UnknownHost | ConnectProblem::Refused | ConnectProblem::NoTls => {
                Hint::run("kubectl config view --minify", "see whether this is the right server")
            }
            ConnectProblem::UnknownAuthority => Hint::edit(
                "the kubeconfig",
                "set `certificate-authority` to the authority of this server",
            ),
            ConnectProblem::WrongName => Hint::edit(
                "the kubeconfig",
                "set `tls-server-name` to a name that is in the server's certificate",
            ),
            ConnectProblem::ClientCertificate(_) => {
                Hint::run("rolecall whoami", "see whether the client certificate has expired")
            }
            ConnectProblem::CertificateTime => {
                Hint::run("date", "see whether this machine's clock is right")
            }
            ConnectProblem::TimedOut | ConnectProblem::Tls(_) | ConnectProblem::Network(_) => {
                Hint::run(
                    "kubectl get --raw /version",
                    "see whether the network lets anybody through",
                )
            }
        }),
        RequestError::TimedOut { .. } => Some(Hint::pass("--request-timeout 5m", "wait longer")),
        RequestError::NotKubernetes { .. } => {
            Some(Hint::run("kubectl config view --minify", "see whether this is the right server"))
        }
        RequestError::Broken { .. }
        | RequestError::Credentials { .. }
        | RequestError::Unsendable { .. } => None,
    };
    let error = match error.refusal() {
        Some(refusal) if refusal.code == 401 => {
            CommandError::cluster(Unaccepted { server: server.to_owned(), source: error })
        }
        Some(refusal) if refusal.is_of_impersonation() => {
            CommandError::cluster(NotImpersonated { source: error })
        }
        _ => CommandError::cluster(error),
    };
    error.with_hint(hint)
}

fn context_hints(written: &str, known: &[String]) -> Vec<Hint> {
    let limit = 1 + written.chars().count() / 4;
    let alike = known.iter().filter(|known| edit_distance(known, written) <= limit);
    let guess = if written.is_empty() {
        known.first().map(|first| Hint::pass(format!("--context {first}"), "use that one"))
    } else {
        Hint::did_you_mean(written, alike)
    };
    guess
        .into_iter()
        .chain([Hint::run("kubectl config get-contexts", "see which contexts there are")])
        .collect()
}
