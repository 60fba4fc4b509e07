//! A live cluster as an input.
//!
//! ```text
//! [ kubeconfig | mount ] -> Cluster -> [ request ] -> [ list | split ] -> objects
//!        plugin                |           retries when the server is busy
//!                              +-> [ discovery ] -> Catalog
//! ```
//!
//! kube connects and authenticates. This module decides on requests, retries and the parts of a
//! response that are kept. It never changes the cluster, reads Secrets or prints a credential.

mod address;
mod certificate;
mod discovery;
mod dry_run;
mod error;
mod identity;
mod impersonate;
mod kubeconfig;
mod list;
mod load;
mod logs;
mod mount;
mod needs;
mod object;
mod objects;
mod overrides;
mod plugin;
mod request;
mod token;
mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use kube::Client;
use rolecall_rbac::Identity;

pub use address::without_userinfo;
pub use certificate::CertificateSubject;
pub use discovery::{Discovery, UnavailableGroup};
pub use dry_run::ObjectPath;
use error::ShownCertificate;
pub use error::{ConfigError, ConnectProblem, PluginProblem, Refusal, RequestError};
use identity::Secret;
pub use identity::{Credential, IdentitySource, WhoAmI};
pub use impersonate::Impersonate;
pub use kubeconfig::KubeconfigNames;
pub use load::{ForbiddenList, Loaded, Progress};
pub use logs::{ContainerLog, LogRun};
pub use mount::{MOUNT_PATH, MountedServiceAccount, server_of_environment};
pub use needs::{Collection, Needs, Reach};
pub use object::NamespaceState;
pub use overrides::Overrides;
use request::{Call, RetryPolicy};
pub use token::{BoundObject, TokenClaims};

/// The cluster and user to connect with, like kubectl's options of the same names.
#[derive(Clone, Debug, Default)]
pub struct ClusterOptions {
    /// The path of the kubeconfig; defaults to `KUBECONFIG`, then `~/.kube/config`.
    pub kubeconfig: Option<std::path::PathBuf>,
    /// The context; defaults to the current context.
    pub context: Option<String>,
    /// The user to impersonate.
    pub impersonate_user: Option<String>,
    /// The groups to impersonate together with the user.
    pub impersonate_groups: Vec<String>,
    /// The request timeout; zero disables it, and `None` means 60 s.
    pub request_timeout: Option<Duration>,
    /// The settings that override the kubeconfig.
    pub overrides: Overrides,
    /// Whether a credential plugin can use the terminal.
    pub terminal: Terminal,
}

/// Whether a credential plugin can prompt the user and print messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Terminal {
    /// It can, if its configuration allows it.
    #[default]
    Available,
    /// It cannot: the user is typing something else, such as a command line that is completed.
    Unavailable,
}

/// The timeout that API servers use for most requests themselves.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

impl ClusterOptions {
    fn timeout(&self) -> Option<Duration> {
        match self.request_timeout {
            None => Some(DEFAULT_TIMEOUT),
            Some(Duration::ZERO) => None,
            set => set,
        }
    }
}

/// A connection to a cluster's API server; cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    server: Arc<str>,
    context: Option<Arc<str>>,
    namespace: Arc<str>,
    secret: Arc<Secret>,
    impersonated: Option<Arc<Identity>>,
    proxy: Option<Arc<str>>,
    timeout: Option<Duration>,
    retry_policy: RetryPolicy,
    /// Whether the client presents a certificate.
    certificate: ShownCertificate,
    /// Whether to request compressed responses.
    compresses: bool,
    /// Whether the server has responded to any request.
    has_answered: Arc<AtomicBool>,
    /// The number of waits so far, from which the next one gets its jitter.
    waits: Arc<AtomicU32>,
}

impl Cluster {
    /// Selects the cluster from the options and prepares a client. Nothing is sent yet.
    pub async fn connect(options: &ClusterOptions) -> Result<Self, ConfigError> {
        Self::connect_with(options, &|_| {}).await
    }

    /// Like `connect`, and calls `on_plugin` with the name of a credential plugin when it starts,
    /// because it might take long.
    pub async fn connect_with(
        options: &ClusterOptions,
        on_plugin: &dyn Fn(&str),
    ) -> Result<Self, ConfigError> {
        let endpoint = kubeconfig::resolve(options, on_plugin).await?;
        Self::build(endpoint.config, endpoint.context, options.timeout())
    }

    /// Prepares a client that uses a Pod's ServiceAccount.
    pub fn as_mounted(
        account: &MountedServiceAccount,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = account.config()?;
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Prepares an anonymous client for a Pod's server, which uses only the mounted certificate
    /// authority.
    pub fn without_token(
        account: &MountedServiceAccount,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = account.config_without_token()?;
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Prepares a client without credentials, for example for `kubectl proxy`, which adds its own.
    pub fn without_credentials(
        server: &str,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = kube::Config::new(address::server_url(server, false)?);
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Returns the server's URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Returns the kubeconfig's context; `None` without a kubeconfig.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Returns the impersonated identity.
    pub fn impersonated(&self) -> Option<&Identity> {
        self.impersonated.as_deref()
    }

    /// Returns the URL of the proxy, without a user name and password.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Returns the default namespace.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Posts JSON, optionally as an impersonated identity, and returns the response body.
    pub async fn post(
        &self,
        path: &str,
        body: Vec<u8>,
        impersonate: Option<&Impersonate>,
    ) -> Result<Vec<u8>, RequestError> {
        let headers = match impersonate {
            None => HeaderMap::new(),
            Some(somebody) => somebody
                .headers()
                .ok_or_else(|| RequestError::Unsendable { user: somebody.user.clone() })?,
        };
        let call = Call::post(path, Bytes::from(body)).headers(headers);
        self.fetch(&call).await.map(Vec::from)
    }

    fn build(
        mut config: kube::Config,
        context: Option<String>,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        // The URL is printed, and users put credentials into URLs.
        let url = &config.cluster_url;
        let server = format!("{}{}", address::without_credentials(url), url.path());
        let namespace = config.default_namespace.clone();
        let secret = Secret::of(&config.auth_info);
        let user = &config.auth_info;
        let has_certificate =
            user.client_certificate.is_some() || user.client_certificate_data.is_some();
        let is_secure = config.cluster_url.scheme_str() == Some("https");
        let certificate = match has_certificate && is_secure {
            true => ShownCertificate::Yes,
            false => ShownCertificate::No,
        };
        let impersonated = identity::impersonated(&config.auth_info);
        let proxy = config.proxy_url.as_ref().map(address::without_credentials);
        // Over loopback, compression costs more than it saves.
        let is_near = address::is_loopback(&config.cluster_url) && proxy.is_none();
        let compresses = !config.disable_compression && !is_near;
        config.disable_compression = false;
        let client = Client::try_from(config).map_err(client_error)?;
        Ok(Self {
            client,
            server: server.trim_end_matches('/').into(),
            context: context.map(Into::into),
            namespace: namespace.into(),
            secret: Arc::new(secret),
            impersonated: impersonated.map(Arc::new),
            proxy: proxy.map(Into::into),
            timeout,
            retry_policy: RetryPolicy::default(),
            certificate,
            compresses,
            has_answered: Arc::default(),
            waits: Arc::default(),
        })
    }

    /// Lengthens a wait by up to a half, so that requests that were refused together are not
    /// retried together.
    fn spread(&self, wait: Duration) -> Duration {
        let step = self.waits.fetch_add(1, Ordering::Relaxed) % 8;
        wait + wait * step / 16
    }
}

/// Converts an error of building the kube client. Messages of plugins and parsers are left out
/// because they might quote a credential.
fn client_error(error: kube::Error) -> ConfigError {
    let credential = |what, source| ConfigError::Credential { what, source };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(rustls::Error::InconsistentKeys(_)) = inner.downcast_ref() {
            let source = "it does not match the client certificate".into();
            return credential("client key", source);
        }
        cause = inner.source();
    }
    match error {
        kube::Error::InferKubeconfig(error) => kubeconfig::config_error(error),
        kube::Error::RustlsTls(error) => credential("certificates of this cluster", error.into()),
        kube::Error::ProxyProtocolUnsupported { .. }
        | kube::Error::ProxyProtocolDisabled { .. } => ConfigError::UnsupportedProxy,
        _ => credential("credentials of this user", "they are malformed".into()),
    }
}

#[cfg(test)]
mod tests;
