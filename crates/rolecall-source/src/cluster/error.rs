//! Why a cluster cannot be asked, or gives no usable answer.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// Why it is not known which server to ask, or with what credentials.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is neither a kubeconfig nor a Pod's ServiceAccount.
    #[error("no cluster is configured: there is no kubeconfig, and this is not a Pod")]
    NoCluster,
    /// The kubeconfig that was asked for cannot be read.
    #[error("cannot read the kubeconfig `{}`", path.display())]
    UnreadableKubeconfig {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A kubeconfig is no YAML, or not a kubeconfig's; what stands there is not told, for it may be
    /// a token.
    #[error("`{}` is not a kubeconfig{}", path.display(), at_line(*line))]
    MalformedKubeconfig {
        /// Its path.
        path: PathBuf,
        /// The line where it stops being one, if that is known.
        line: Option<u64>,
    },
    /// Two files of `KUBECONFIG` are of different kinds.
    #[error("the files of KUBECONFIG are of different kinds or versions")]
    MixedKubeconfigs,
    /// The kubeconfig names no current context, and none was asked for.
    #[error("the kubeconfig has no current context")]
    NoContext {
        /// The contexts it has.
        known: Vec<String>,
    },
    /// The kubeconfig has no context of that name.
    #[error("the kubeconfig has no context `{context}`")]
    UnknownContext {
        /// The name.
        context: String,
        /// The contexts it has.
        known: Vec<String>,
    },
    /// The context's cluster is not in the kubeconfig, or has no server.
    #[error("context `{context}` names a cluster without a server, `{cluster}`")]
    NoServer {
        /// The context.
        context: String,
        /// The cluster.
        cluster: String,
    },
    /// The context's user, or the one that is asked for, is not in the kubeconfig.
    #[error("{} names a user that the kubeconfig does not have, `{user}`", by_context(context.as_deref()))]
    UnknownUser {
        /// The context; `None` when the command line names the user.
        context: Option<String>,
        /// The user.
        user: String,
        /// The users that it has.
        known: Vec<String>,
    },
    /// The server's address is no URL.
    #[error("`{server}` is not the URL of a server")]
    MalformedServer {
        /// The address.
        server: String,
    },
    /// The proxy's address is no URL of a kind that is supported; it is not told, for it may hold a
    /// password.
    #[error("the proxy is no `http://`, `https://` or `socks5://` URL")]
    UnsupportedProxy,
    /// A certificate, key or token cannot be read or used.
    #[error("cannot use the {what}")]
    Credential {
        /// What it is: `client certificate`, `certificate authority`.
        what: &'static str,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The credential plugin did not give credentials.
    #[error("the credential plugin `{command}` {problem}")]
    Plugin {
        /// The command that the kubeconfig names.
        command: String,
        /// What went wrong; never what it printed.
        problem: PluginProblem,
        /// What the system says, if it was the system.
        source: Option<io::Error>,
        /// How to install it, as the kubeconfig says.
        install_hint: Option<String>,
    },
    /// The kubeconfig's way to log in is one that kubectl has dropped.
    #[error("the auth provider `{provider}` is not supported")]
    UnsupportedProvider {
        /// Its name.
        provider: String,
    },
    /// The file of a kubeconfig's token cannot be read.
    #[error("cannot read the token file `{}`", path.display())]
    UnreadableTokenFile {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Groups are impersonated without a user, which servers refuse.
    #[error("groups, a uid or extra attributes are impersonated without a user")]
    GroupsWithoutUser,
    /// A file that every Pod with a ServiceAccount token has cannot be read.
    #[error("cannot read `{}`", path.display())]
    UnreadableMount {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// What went wrong with a credential plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PluginProblem {
    /// The kubeconfig names no command.
    #[error("is not named")]
    Unnamed,
    /// It is not installed, or cannot be run.
    #[error("cannot be run")]
    NotRun,
    /// It ended with an exit code other than 0.
    #[error("failed with exit code {0}")]
    Failed(i32),
    /// A signal ended it.
    #[error("was killed")]
    Killed,
    /// It took longer than a request may, and was ended.
    #[error("gave no credentials within {}", seconds(*.0))]
    TimedOut(Duration),
    /// It printed no ExecCredential, or one without credentials.
    #[error("printed no credentials")]
    NoCredentials,
}

fn by_context(context: Option<&str>) -> String {
    context.map_or_else(|| "the command line".to_owned(), |context| format!("context `{context}`"))
}

fn at_line(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(": line {line}"))
}

/// Why a request got no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The server answered with an error.
    #[error("{0}")]
    Refused(Refusal),
    /// There is no connection to the server.
    #[error("cannot connect to `{server}`")]
    Unreachable {
        /// The server's URL.
        server: String,
        /// Why.
        source: ConnectProblem,
    },
    /// The server took longer than the request's time.
    #[error("`{server}` gave no answer within {}", seconds(*after))]
    TimedOut {
        /// The server's URL.
        server: String,
        /// How long was waited.
        after: Duration,
        /// Whether it has answered any other request.
        ever_answered: bool,
    },
    /// The connection broke before the answer was complete.
    #[error("the connection to `{server}` broke before the answer was complete")]
    Broken {
        /// The server's URL.
        server: String,
        /// Whether it has answered any other request.
        ever_answered: bool,
    },
    /// The answer is not what a Kubernetes API server sends.
    #[error("`{server}` answered `{path}` with something that is not Kubernetes' JSON")]
    NotKubernetes {
        /// The server's URL.
        server: String,
        /// The path that was asked.
        path: String,
    },
    /// What answers at the server's address is no Kubernetes API server at all.
    #[error("`{server}` is not a Kubernetes API server")]
    NotAnApiServer {
        /// The server's URL.
        server: String,
        /// What it answered.
        source: Box<RequestError>,
    },
    /// An answer is longer than any honest one.
    #[error("the answer of `{server}` to `{path}` is too large")]
    TooLarge {
        /// The server's URL.
        server: String,
        /// The path that was asked.
        path: String,
    },
    /// The pages of a list do not come to an end.
    #[error("the list `{path}` of `{server}` does not end")]
    Endless {
        /// The server's URL.
        server: String,
        /// The list's path.
        path: String,
    },
    /// Somebody whose name no request can carry is to be impersonated.
    #[error("`{user}` cannot be impersonated: its name or groups cannot stand in a request")]
    Unsendable {
        /// The user.
        user: String,
    },
    /// The credentials could not be had when they were needed.
    #[error("cannot get credentials for `{server}`")]
    Credentials {
        /// The server's URL.
        server: String,
    },
}

/// An error that the server answered with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// Its one-word reason, such as `Forbidden` or `Expired`; empty when none is given.
    pub reason: String,
    /// What the server says.
    pub message: String,
    /// Whether it came as a Kubernetes Status.
    is_status: bool,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectProblem {
    /// The host has no address.
    #[error("the host name is not known")]
    UnknownHost,
    /// Nothing listens there, or a firewall says no.
    #[error("the connection was refused")]
    Refused,
    /// Nothing answered in time.
    #[error("nothing answered in time")]
    TimedOut,
    /// The server's certificate is not signed by the authority that the kubeconfig names.
    #[error("the server's certificate is not signed by a known authority")]
    UnknownAuthority,
    /// The server's certificate has expired, or is not valid yet.
    #[error("the server's certificate is not valid at this time")]
    CertificateTime,
    /// The server's certificate is for other names.
    #[error("the server's certificate is not for this host name")]
    WrongName,
    /// The server refuses the client's certificate.
    #[error("the server refuses the client certificate: {0}")]
    ClientCertificate(String),
    /// The server does not speak TLS.
    #[error("the server does not speak TLS")]
    NoTls,
    /// Another failure of TLS.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// Another failure of the network, or of a proxy on the way.
    #[error("{0}")]
    Network(String),
}

impl RequestError {
    /// Returns the server's refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns whether no other request would fare better: there is no connection, the server does
    /// not accept the credentials, or the caller may not be whom it wants to be.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.code == 401 || refusal.is_of_impersonation(),
            Self::Unreachable { .. } | Self::Credentials { .. } | Self::NotAnApiServer { .. } => {
                true
            }
            // Who answers nothing at first answers nothing later.
            Self::TimedOut { ever_answered, .. } | Self::Broken { ever_answered, .. } => {
                !ever_answered
            }
            Self::NotKubernetes { .. }
            | Self::TooLarge { .. }
            | Self::Endless { .. }
            | Self::Unsendable { .. } => false,
        }
    }
}

impl Refusal {
    /// Returns whether the caller is known but not allowed.
    pub fn is_forbidden(&self) -> bool {
        self.code == 403
    }

    /// Returns whether the caller may not impersonate somebody, whatever it wants to do then.
    ///
    /// With constrained impersonation (Kubernetes 1.36) a refusal of `impersonate-on:MODE:VERB`
    /// concerns one kind of request only, so it is not one of these.
    pub fn is_of_impersonation(&self) -> bool {
        let words = self.message.split("\" cannot ").skip(1);
        let mut verbs = words.filter_map(|rest| rest.split(' ').next());
        self.is_forbidden()
            && !self.is_of_constrained_impersonation()
            && verbs.any(|verb| verb == "impersonate" || verb.starts_with("impersonate:"))
    }

    /// Returns whether the caller may impersonate somebody, but not for this kind of request.
    pub(super) fn is_of_constrained_impersonation(&self) -> bool {
        self.is_forbidden() && self.message.contains("\" cannot impersonate-on:")
    }

    /// Returns whether a Kubernetes API server wrote it: as a Status.
    pub fn is_kubernetes(&self) -> bool {
        self.is_status
    }

    /// Returns whether what was asked is not there, or not served.
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Returns whether a list's `continue` token is too old.
    pub(super) fn is_gone(&self) -> bool {
        self.code == 410
    }

    /// Reads the Status that a body holds; of a body that holds none, a plain sentence is shown.
    pub(super) fn new(code: u16, body: &[u8]) -> Self {
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct Status {
            kind: String,
            reason: String,
            message: String,
        }
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        let is_status = status.kind == "Status";
        let plain = std::str::from_utf8(body).unwrap_or_default().trim();
        let is_sentence = !plain.is_empty()
            && plain.len() <= 200
            && !plain.starts_with(['{', '<'])
            && !plain.contains(char::is_control);
        let message = match code {
            _ if is_status && !status.message.is_empty() => status.message,
            401 => "Unauthorized".to_owned(),
            _ if is_sentence => plain.to_owned(),
            _ => format!("the server answered with HTTP status {code}"),
        };
        let reason = if is_status { status.reason } else { String::new() };
        Self { code, reason, message, is_status }
    }
}

/// Whether a client certificate is shown to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownCertificate {
    Yes,
    No,
}

/// Sorts out what kube says about a request that got no answer.
pub(super) fn classify(
    server: &str,
    certificate: ShownCertificate,
    error: &kube::Error,
) -> RequestError {
    let server = server.to_owned();
    if let kube::Error::Auth(_) = error {
        return RequestError::Credentials { server };
    }
    let mut connecting = false;
    let mut io_error = None;
    let mut innermost = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        innermost = error.to_string();
        if let Some(error) = error.downcast_ref::<hyper_util::client::legacy::Error>() {
            connecting |= error.is_connect();
        }
        if error.downcast_ref::<kube::client::AuthError>().is_some() {
            return RequestError::Credentials { server };
        }
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return RequestError::Unreachable { server, source: tls_problem(certificate, error) };
        }
        let io = error.downcast_ref::<io::Error>();
        io_error = io.map(io::Error::kind).or(io_error);
        // An io::Error skips what it wraps when it names its source.
        let wrapped = io.and_then(io::Error::get_ref);
        cause = wrapped.map(|wrapped| wrapped as &(dyn Error + 'static)).or_else(|| error.source());
    }
    if !connecting {
        return RequestError::Broken { server, ever_answered: true };
    }
    let source = match io_error {
        Some(io::ErrorKind::ConnectionRefused) => ConnectProblem::Refused,
        Some(io::ErrorKind::TimedOut) => ConnectProblem::TimedOut,
        _ if innermost.contains("lookup address") => ConnectProblem::UnknownHost,
        _ => ConnectProblem::Network(innermost),
    };
    RequestError::Unreachable { server, source }
}

fn tls_problem(certificate: ShownCertificate, error: &rustls::Error) -> ConnectProblem {
    use rustls::{AlertDescription as Alert, CertificateError as Certificate};

    match error {
        rustls::Error::InvalidCertificate(problem) => match problem {
            // A bad signature is that of another authority with the same name.
            Certificate::UnknownIssuer | Certificate::BadSignature => {
                ConnectProblem::UnknownAuthority
            }
            Certificate::Expired
            | Certificate::ExpiredContext { .. }
            | Certificate::NotValidYet
            | Certificate::NotValidYetContext { .. } => ConnectProblem::CertificateTime,
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                ConnectProblem::WrongName
            }
            other => ConnectProblem::Tls(other.to_string()),
        },
        rustls::Error::AlertReceived(alert) => match (certificate, alert) {
            (
                ShownCertificate::Yes,
                Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError,
            ) => ConnectProblem::ClientCertificate(format!("{alert:?}")),
            (ShownCertificate::No, Alert::CertificateRequired) => ConnectProblem::Tls(
                "the server demands a client certificate, and the kubeconfig has none".to_owned(),
            ),
            _ => ConnectProblem::Tls(format!("the server ended it with the alert {alert:?}")),
        },
        rustls::Error::InvalidMessage(_) => ConnectProblem::NoTls,
        other => ConnectProblem::Tls(other.to_string()),
    }
}

/// Writes a duration as people say it.
fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis if millis < 1000 => format!("{millis} ms"),
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{:.1} s", millis as f64 / 1000.0),
    }
}
