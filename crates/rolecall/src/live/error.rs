//! Errors of the cluster, with hints.

use rolecall_rbac::edit_distance;
use rolecall_source::cluster::{
    Cluster, ConfigError, ConnectProblem, Credential, PluginProblem, Refusal, RequestError,
};

use crate::cli::{ClusterOptions, quote};
use crate::error::{CommandError, Hint};
use crate::time;

/// The options that select the cluster, for commands in hints.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    kubeconfig: String,
    context: String,
    connection: String,
}

impl Place {
    /// Copies them from the command line.
    pub(super) fn of(options: &ClusterOptions) -> Self {
        let option = |name, value: &str| format!(" {name} {}", quote(value));
        let kubeconfig = options.kubeconfig.as_ref();
        Self {
            kubeconfig: kubeconfig
                .map(|path| option("--kubeconfig", &path.to_string_lossy()))
                .unwrap_or_default(),
            context: options.context.as_ref().map(|it| option("--context", it)).unwrap_or_default(),
            connection: options
                .connection
                .shown()
                .iter()
                .map(|(name, value)| match &**value {
                    "" => format!(" {name}"),
                    value => option(name, value),
                })
                .collect(),
        }
    }

    /// Returns a hint to run a command for this cluster.
    fn run(&self, command: &str, purpose: &str) -> Hint {
        let Self { kubeconfig, context, connection } = self;
        Hint::run(format!("{command}{kubeconfig}{context}{connection}"), purpose)
    }

    /// Returns a hint to run a command for this kubeconfig.
    fn run_on_kubeconfig(&self, command: &str, purpose: &str) -> Hint {
        Hint::run(format!("{command}{}", self.kubeconfig), purpose)
    }
}

/// Adds hints to an error that prevents any request.
pub(super) fn config_error(place: &Place, error: ConfigError) -> CommandError {
    let hints = match &error {
        ConfigError::NoCluster => vec![
            Hint::pass("--kubeconfig PATH", "select a cluster"),
            Hint::pass("-f PATH", "read manifests or a snapshot instead"),
        ],
        ConfigError::UnreadableKubeconfig { .. } => {
            vec![Hint::pass("--kubeconfig PATH", "use another file")]
        }
        ConfigError::MalformedKubeconfig { path, line } => {
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            vec![Hint::edit(format!("`{}{line}`", path.display()), "fix the YAML")]
        }
        ConfigError::NoContext { known } => context_hints(place, "", known),
        ConfigError::UnknownContext { context, known } => context_hints(place, context, known),
        ConfigError::NoServer { cluster, .. } => vec![place.run_on_kubeconfig(
            &format!("kubectl config set-cluster {} --server=https://HOST:PORT", quote(cluster)),
            "set its server",
        )],
        ConfigError::UnknownUser { user, known, .. } => {
            let alike = alike(user, known);
            let guess = Hint::did_you_mean(user, alike);
            let list = place.run_on_kubeconfig("kubectl config get-users", "list the users");
            guess.into_iter().chain([list]).collect()
        }
        ConfigError::Plugin { command, problem, install_hint, .. } => match problem {
            PluginProblem::NotRun => {
                let hint = Hint::run(
                    format!("command -v {}", quote(command)),
                    "check whether it is installed",
                );
                let install = install_hint.as_ref().map(|text| Hint::Quote { text: text.clone() });
                std::iter::once(hint).chain(install).collect()
            }
            PluginProblem::Unnamed => Vec::new(),
            PluginProblem::TimedOut(_) => {
                vec![Hint::pass("--request-timeout 5m", "wait longer for the plugin")]
            }
            _ => vec![place.run(
                "kubectl config view --minify",
                "see the plugin's command line, and run it manually",
            )],
        },
        ConfigError::GroupsWithoutUser => {
            vec![Hint::pass("--as USER", "impersonate a user in these groups")]
        }
        ConfigError::UnreadableMount { .. } => {
            vec![Hint::run("rolecall doctor", "check the mounted files of this Pod")]
        }
        ConfigError::UnreadableTokenFile { .. } => {
            vec![place.run("kubectl config view --minify", "check the user's `tokenFile`")]
        }
        ConfigError::UnsupportedProvider { .. } => vec![Hint::edit(
            "the kubeconfig",
            "use a credential plugin (`exec`), as kubectl requires since v1.26",
        )],
        _ => vec![place.run("kubectl config view --minify", "check the context")],
    };
    hints.into_iter().fold(CommandError::cluster(error), CommandError::with_hint)
}

/// Credentials that the server does not accept.
#[derive(Debug, thiserror::Error)]
#[error("`{server}` {}{}", if *sent { "does not accept the credentials" } else { "refuses requests without credentials" }, remark.as_ref().map_or_else(String::new, |it| format!(": {it}")))]
struct Unaccepted {
    server: String,
    /// Whether credentials were sent.
    sent: bool,
    /// The visible problem with them, if any.
    remark: Option<String>,
    source: RequestError,
}

/// A forbidden impersonation.
#[derive(Debug, thiserror::Error)]
#[error("the server does not allow the impersonation")]
struct NotImpersonated {
    source: RequestError,
}

/// A server, or a proxy, that does not behave like an API server.
#[derive(Debug, thiserror::Error)]
#[error("`{server}` does not answer as an API server should")]
struct Unexpected {
    server: String,
    source: RequestError,
}

/// Adds hints to the error of a request.
pub(super) fn request_error(place: &Place, cluster: &Cluster, error: RequestError) -> CommandError {
    let server = cluster.server();
    let hint = match &error {
        RequestError::Refused(refusal) => match refusal.code {
            401 => Some(place.run("kubectl config view --minify", "check the credentials")),
            400 if is_plain_http(refusal) => {
                Some(Hint::edit("the kubeconfig", "begin the server's URL with `https://`"))
            }
            403 if refusal.is_of_impersonation() => None,
            403 => Some(place.run("rolecall whoami", "see your identity according to the server")),
            500.. => {
                Some(place.run("kubectl get --raw '/readyz?verbose'", "see what is not ready"))
            }
            ..400 => Some(
                place.run("kubectl config view --minify", "check that this is the right server"),
            ),
            _ => None,
        },
        RequestError::Unreachable { source, .. } => Some(match source {
            ConnectProblem::UnknownHost
            | ConnectProblem::Refused
            | ConnectProblem::TimedOut
            | ConnectProblem::Network(_)
                if cluster.proxy().is_some() =>
            {
                let proxy = cluster.proxy().unwrap_or_default();
                Hint::edit(
                    "the kubeconfig's `proxy-url`, or HTTPS_PROXY",
                    format!("check the proxy `{proxy}`"),
                )
            }
            ConnectProblem::UnknownHost | ConnectProblem::Refused | ConnectProblem::NoTls => {
                place.run("kubectl config view --minify", "check that this is the right server")
            }
            ConnectProblem::UnknownAuthority => Hint::edit(
                "the kubeconfig",
                "set `certificate-authority` to the authority that signed the server's certificate",
            ),
            ConnectProblem::WrongName => Hint::edit(
                "the kubeconfig",
                "set `tls-server-name` to a name that is in the server's certificate",
            ),
            ConnectProblem::ClientCertificate(_) => {
                let remark = remark(&cluster.credential(), time::now());
                let remark = remark.map_or_else(String::new, |remark| format!(": {remark}"));
                Hint::edit("the kubeconfig", format!("replace the client certificate{remark}"))
            }
            ConnectProblem::CertificateTime => Hint::run("date", "check the clock of this machine"),
            _ => place.run("kubectl get --raw /version", "check the network connection"),
        }),
        RequestError::TimedOut { .. } => Some(Hint::pass("--request-timeout 5m", "wait longer")),
        RequestError::NotAnApiServer { source, .. }
            if source.refusal().is_some_and(is_plain_http) =>
        {
            Some(Hint::edit("the kubeconfig", "begin the server's URL with `https://`"))
        }
        RequestError::NotKubernetes { .. }
        | RequestError::NotAnApiServer { .. }
        | RequestError::TooLarge { .. }
        | RequestError::Endless { .. } => {
            Some(place.run("kubectl config view --minify", "check that this is the right server"))
        }
        _ => None,
    };
    let error = match error.refusal() {
        Some(refusal) if refusal.code == 401 => {
            let credential = cluster.credential();
            let remark = remark(&credential, time::now());
            let (server, sent) = (server.to_owned(), credential != Credential::Nothing);
            CommandError::cluster(Unaccepted { server, sent, remark, source: error })
        }
        Some(refusal) if refusal.is_of_impersonation() => {
            CommandError::cluster(NotImpersonated { source: error })
        }
        Some(Refusal { code: ..400 | 500.., .. }) => {
            CommandError::cluster(Unexpected { server: server.to_owned(), source: error })
        }
        _ => CommandError::cluster(error),
    };
    error.with_hint(hint)
}

/// Returns whether a TLS server rejected a plain HTTP request.
fn is_plain_http(refusal: &Refusal) -> bool {
    refusal.message.contains("HTTP request to an HTTPS server")
}

/// Returns the visible problem with credentials: that they have expired, or have another audience.
fn remark(credential: &Credential, now: time::Seconds) -> Option<String> {
    let (what, expires) = match credential {
        Credential::Token(Some(claims)) => match claims.expires.filter(|expires| *expires <= now) {
            Some(expires) => ("the token", expires),
            None => return claims.foreign_audience().map(|it| format!("the token is for {it}")),
        },
        Credential::Certificate(Some(subject)) => ("the client certificate", subject.not_after),
        Credential::Token(None)
        | Credential::Certificate(None)
        | Credential::Password { .. }
        | Credential::Nothing => return None,
    };
    (expires <= now).then(|| format!("{what} expired {}", time::from(now, expires)))
}

/// Returns the names with a similar spelling.
fn alike<'k>(written: &str, known: &'k [String]) -> impl Iterator<Item = &'k String> {
    let limit = 1 + written.chars().count() / 4;
    known.iter().filter(move |known| edit_distance(known, written) <= limit)
}

fn context_hints(place: &Place, written: &str, known: &[String]) -> Vec<Hint> {
    let alike = alike(written, known);
    let guess = if written.is_empty() {
        known.first().map(|first| Hint::pass(format!("--context {first}"), "use that context"))
    } else {
        Hint::did_you_mean(written, alike)
    };
    guess
        .into_iter()
        .chain([place.run_on_kubeconfig("kubectl config get-contexts", "list the contexts")])
        .collect()
}
