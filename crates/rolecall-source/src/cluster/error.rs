//! Errors of connecting to a cluster and of its responses.

use std::error::Error;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// An error in determining the server or its credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is neither a kubeconfig nor a mounted ServiceAccount.
    #[error("no cluster is configured: there is no kubeconfig, and this is not a Pod")]
    NoCluster,
    /// The kubeconfig named by the user cannot be read.
    #[error("cannot read the kubeconfig `{}`", path.display())]
    UnreadableKubeconfig {
        /// Its path.
        path: PathBuf,
        /// The system error.
        source: io::Error,
    },
    /// A kubeconfig is not YAML or has the wrong structure. The content is left out because it
    /// might be a token.
    #[error("`{}` is not a kubeconfig{}", path.display(), at_line(*line))]
    MalformedKubeconfig {
        /// Its path.
        path: PathBuf,
        /// The line of the syntax error, if known.
        line: Option<u64>,
    },
    /// Two files of `KUBECONFIG` have different kinds or API versions.
    #[error("the files in KUBECONFIG have different kinds or versions")]
    MixedKubeconfigs,
    /// The kubeconfig has no current context, and the command line names none.
    #[error("the kubeconfig has no current context")]
    NoContext {
        /// The contexts of the kubeconfig.
        known: Vec<String>,
    },
    /// The kubeconfig has no context with this name.
    #[error("the kubeconfig has no context `{context}`")]
    UnknownContext {
        /// The name.
        context: String,
        /// The contexts of the kubeconfig.
        known: Vec<String>,
    },
    /// The context's cluster is missing from the kubeconfig, or has no server.
    #[error("context `{context}` refers to a cluster without a server, `{cluster}`")]
    NoServer {
        /// The context.
        context: String,
        /// The cluster.
        cluster: String,
    },
    /// The user of the context or of the command line is missing from the kubeconfig.
    #[error("{} refers to a user that the kubeconfig does not contain, `{user}`", by_context(context.as_deref()))]
    UnknownUser {
        /// The context; `None` when the command line names the user.
        context: Option<String>,
        /// The user.
        user: String,
        /// The users of the kubeconfig.
        known: Vec<String>,
    },
    /// The server's address is not a URL.
    #[error("`{server}` is not the URL of a server")]
    MalformedServer {
        /// The address, without user name and password.
        server: String,
    },
    /// The proxy's address is not a URL with a supported scheme. It is left out because it might
    /// contain a password.
    #[error("the proxy is not an `http://`, `https://` or `socks5://` URL")]
    UnsupportedProxy,
    /// A certificate, key or token cannot be read or used.
    #[error("cannot use the {what}")]
    Credential {
        /// The kind of credential, such as `client certificate` or `certificate authority`.
        what: &'static str,
        /// The reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The credential plugin did not return credentials.
    #[error("the credential plugin `{command}` {problem}")]
    Plugin {
        /// The command that the kubeconfig names.
        command: String,
        /// The failure. It never contains the plugin's output.
        problem: PluginProblem,
        /// The system error, if there was one.
        source: Option<io::Error>,
        /// The kubeconfig's `installHint`.
        install_hint: Option<String>,
    },
    /// The kubeconfig uses an auth provider, which kubectl no longer supports.
    #[error("the auth provider `{provider}` is not supported")]
    UnsupportedProvider {
        /// Its name.
        provider: String,
    },
    /// The token file of the kubeconfig cannot be read.
    #[error("cannot read the token file `{}`", path.display())]
    UnreadableTokenFile {
        /// Its path.
        path: PathBuf,
        /// The system error.
        source: io::Error,
    },
    /// Groups, a uid or extra attributes are impersonated without a user, which servers reject.
    #[error("groups, a uid or extra attributes are impersonated without a user")]
    GroupsWithoutUser,
    /// A file of the mounted ServiceAccount cannot be read.
    #[error("cannot read `{}`", path.display())]
    UnreadableMount {
        /// The file.
        path: PathBuf,
        /// The system error.
        source: io::Error,
    },
}

/// The failure of a credential plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PluginProblem {
    /// The kubeconfig does not name a command.
    #[error("is not named")]
    Unnamed,
    /// The command is not installed or not executable.
    #[error("cannot be run")]
    NotRun,
    /// The plugin exited with a code other than 0.
    #[error("failed with exit code {0}")]
    Failed(i32),
    /// The plugin was killed by a signal.
    #[error("was killed")]
    Killed,
    /// The plugin exceeded the request timeout and was killed.
    #[error("did not return credentials within {}", seconds(*.0))]
    TimedOut(Duration),
    /// The plugin must be interactive, and has no terminal.
    #[error("needs a terminal")]
    NoTerminal,
    /// The plugin did not print an ExecCredential, or printed one without credentials.
    #[error("printed no credentials")]
    NoCredentials,
}

fn by_context(context: Option<&str>) -> String {
    context.map_or_else(|| "the command line".to_owned(), |context| format!("context `{context}`"))
}

fn at_line(line: Option<u64>) -> String {
    line.map_or_else(String::new, |line| format!(": line {line}"))
}

/// A request that got no usable response.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The server responded with an error.
    #[error("{0}")]
    Refused(Refusal),
    /// The connection failed.
    #[error("cannot connect to `{server}`")]
    Unreachable {
        /// The server's URL.
        server: String,
        /// The reason.
        source: ConnectProblem,
    },
    /// The server exceeded the request timeout.
    #[error("`{server}` did not respond within {}", seconds(*after))]
    TimedOut {
        /// The server's URL.
        server: String,
        /// The timeout.
        after: Duration,
        /// Whether the server has responded to any other request.
        ever_answered: bool,
    },
    /// The connection broke before the response was complete.
    #[error("the connection to `{server}` broke before the response was complete")]
    Broken {
        /// The server's URL.
        server: String,
        /// Whether the server has responded to any other request.
        ever_answered: bool,
    },
    /// The response is not from a Kubernetes API server.
    #[error("`{server}` answered `{path}` with something other than Kubernetes JSON")]
    NotKubernetes {
        /// The server's URL.
        server: String,
        /// The request path.
        path: String,
    },
    /// The server at this address is not a Kubernetes API server at all.
    #[error("`{server}` is not a Kubernetes API server")]
    NotAnApiServer {
        /// The server's URL.
        server: String,
        /// The response that shows it.
        source: Box<RequestError>,
    },
    /// The response exceeds the size limit.
    #[error("the response of `{server}` to `{path}` is too large")]
    TooLarge {
        /// The server's URL.
        server: String,
        /// The request path.
        path: String,
    },
    /// The pages of a list repeat or never end.
    #[error("the list `{path}` of `{server}` does not end")]
    Endless {
        /// The server's URL.
        server: String,
        /// The list's path.
        path: String,
    },
    /// A name or group to impersonate cannot be sent in a request header.
    #[error("`{user}` cannot be impersonated: a request header cannot contain its name or groups")]
    Unsendable {
        /// The user.
        user: String,
    },
    /// The credentials could not be obtained for a request.
    #[error("cannot get credentials for `{server}`")]
    Credentials {
        /// The server's URL.
        server: String,
    },
}

/// An error response of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status.
    pub code: u16,
    /// The reason of the Status, such as `Forbidden` or `Expired`; empty if there is none.
    pub reason: String,
    /// The server's message.
    pub message: String,
    /// Whether the body was a Kubernetes Status.
    is_status: bool,
}

/// The cause of a failed connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectProblem {
    /// The host name cannot be resolved.
    #[error("the host name cannot be resolved")]
    UnknownHost,
    /// Nothing listens on the port, or a firewall rejects the connection.
    #[error("the connection was refused")]
    Refused,
    /// The connection timed out.
    #[error("the connection timed out")]
    TimedOut,
    /// The server's certificate is not signed by the kubeconfig's certificate authority.
    #[error("the server's certificate is not signed by a known authority")]
    UnknownAuthority,
    /// The server's certificate has expired, or is not valid yet.
    #[error("the server's certificate is not valid at this time")]
    CertificateTime,
    /// The server's certificate is for other host names.
    #[error("the server's certificate is not for this host name")]
    WrongName,
    /// The server rejects the client certificate.
    #[error("the server rejects the client certificate: {0}")]
    ClientCertificate(String),
    /// The server does not speak TLS.
    #[error("the server does not speak TLS")]
    NoTls,
    /// Another TLS failure.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    /// Another network or proxy failure.
    #[error("{0}")]
    Network(String),
}

impl RequestError {
    /// Returns the server's error response, if there was one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Returns whether every other request would fail too: there is no connection, the server does
    /// not accept the credentials, or the caller cannot impersonate the user.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::Refused(refusal) => refusal.code == 401 || refusal.is_of_impersonation(),
            Self::Unreachable { .. } | Self::Credentials { .. } | Self::NotAnApiServer { .. } => {
                true
            }
            // A server that has not responded at all will not respond to the next request either.
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
    /// Returns whether the server denied the request to an authenticated caller.
    pub fn is_forbidden(&self) -> bool {
        self.code == 403
    }

    /// Returns whether the caller cannot impersonate the user for any request.
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

    /// Returns whether the caller can impersonate the user, but not for this kind of request.
    pub(super) fn is_of_constrained_impersonation(&self) -> bool {
        self.is_forbidden() && self.message.contains("\" cannot impersonate-on:")
    }

    /// Returns whether the response is a Kubernetes Status.
    pub fn is_kubernetes(&self) -> bool {
        self.is_status
    }

    /// Returns whether the object does not exist or the resource is not served.
    pub fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Returns whether the `continue` token of a list has expired.
    pub(super) fn is_gone(&self) -> bool {
        self.code == 410
    }

    /// Reads the Status in a response body. Without one, the message is a plain sentence.
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
            _ => format!("the server responded with HTTP status {code}"),
        };
        let reason = if is_status { status.reason } else { String::new() };
        Self { code, reason, message, is_status }
    }
}

/// Whether the client presents a certificate to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShownCertificate {
    Yes,
    No,
}

/// Classifies the error that kube returns for a request without a response.
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
        // `io::Error::source` skips the error that it wraps.
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
            // A certificate of another authority with the same name has a bad signature.
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
                "the server requires a client certificate, and the kubeconfig has none".to_owned(),
            ),
            _ => {
                ConnectProblem::Tls(format!("the server ended the handshake with alert {alert:?}"))
            }
        },
        rustls::Error::InvalidMessage(_) => ConnectProblem::NoTls,
        other => ConnectProblem::Tls(other.to_string()),
    }
}

/// Formats a duration in milliseconds or seconds.
fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis if millis < 1000 => format!("{millis} ms"),
        millis if millis % 1000 == 0 => format!("{} s", millis / 1000),
        millis => format!("{:.1} s", millis as f64 / 1000.0),
    }
}
