//! A live cluster as a source.
//!
//! ```text
//! [ kubeconfig | mount ] -> Cluster -> [ request ] -> [ list | split ] -> objects
//!        plugin                |           again when the server is busy
//!                              +-> [ discovery ] -> Catalog
//! ```
//!
//! kube connects and authenticates; what is asked, how often, and what of an answer is kept is
//! decided here. Nothing here changes the cluster, reads Secrets, or shows a credential.

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
mod split;
mod token;
mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use kube::Client;
use rolecall_rbac::Identity;

pub use certificate::CertificateSubject;
pub use discovery::{Discovery, UnavailableGroup};
pub use dry_run::ObjectPath;
use error::ShownCertificate;
pub use error::{ConfigError, ConnectProblem, PluginProblem, Refusal, RequestError};
use identity::Secret;
pub use identity::{Credential, ToldBy, WhoAmI};
pub use impersonate::Impersonate;
pub use load::{ForbiddenList, Loaded, Progress};
pub use logs::{ContainerLog, LogOf};
pub use mount::{MOUNT_PATH, MountedServiceAccount, server_of_environment};
pub use needs::{Collection, Needs, Reach};
pub use object::NamespaceState;
pub use overrides::Overrides;
use request::{Call, Patience};
pub use token::{BoundObject, TokenClaims};

/// Which cluster to ask, and as whom; as kubectl's options of these names.
#[derive(Clone, Debug, Default)]
pub struct ClusterOptions {
    /// The kubeconfig's path; else those of `KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<std::path::PathBuf>,
    /// The context; else the current one.
    pub context: Option<String>,
    /// The user to impersonate.
    pub impersonate_user: Option<String>,
    /// The groups to impersonate with that user.
    pub impersonate_groups: Vec<String>,
    /// How long one answer may take; zero is for ever, `None` a minute.
    pub request_timeout: Option<Duration>,
    /// What is set instead of in the kubeconfig.
    pub overrides: Overrides,
}

/// What an API server gives most requests itself.
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
    patience: Patience,
    /// Whether a client certificate is shown to the server.
    certificate: ShownCertificate,
    /// Whether answers are asked for in a shorter form.
    compresses: bool,
    /// Whether the server has answered anything.
    has_answered: Arc<AtomicBool>,
    /// How many waits there were, so that the next one is a little different.
    waits: Arc<AtomicU32>,
}

impl Cluster {
    /// Finds out which cluster the options mean and prepares to ask it; nothing is sent yet.
    pub async fn connect(options: &ClusterOptions) -> Result<Self, ConfigError> {
        Self::connect_with(options, &|_| {}).await
    }

    /// Does so, and names the credential plugin that is run for it when it starts: it may take long.
    pub async fn connect_with(
        options: &ClusterOptions,
        on_plugin: &dyn Fn(&str),
    ) -> Result<Self, ConfigError> {
        let endpoint = kubeconfig::resolve(options, on_plugin).await?;
        Self::build(endpoint.config, endpoint.context, options.timeout())
    }

    /// Prepares to ask as a Pod's ServiceAccount.
    pub fn as_mounted(
        account: &MountedServiceAccount,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = account.config()?;
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Prepares to ask a Pod's server as nobody: only the authority of the mount is used.
    pub fn without_token(
        account: &MountedServiceAccount,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = account.config_without_token()?;
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Prepares to ask a server without credentials, such as a `kubectl proxy` that adds its own.
    pub fn without_credentials(
        server: &str,
        timeout: Option<Duration>,
    ) -> Result<Self, ConfigError> {
        let mut config = kube::Config::new(kubeconfig::server_url(server, false)?);
        kubeconfig::set_timeouts(&mut config, timeout);
        Self::build(config, None, timeout)
    }

    /// Returns the server's URL.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Returns the kubeconfig's context; `None` when there is no kubeconfig.
    pub fn context(&self) -> Option<&str> {
        self.context.as_deref()
    }

    /// Returns whom the requests impersonate.
    pub fn impersonated(&self) -> Option<&Identity> {
        self.impersonated.as_deref()
    }

    /// Returns the proxy on the way to the server, without the password that its URL may hold.
    pub fn proxy(&self) -> Option<&str> {
        self.proxy.as_deref()
    }

    /// Returns the namespace of questions that name none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Posts JSON, perhaps as somebody else, and returns the answer's body once the server gives one.
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
        // People write credentials into URLs, and this one is printed.
        let url = &config.cluster_url;
        let server = format!("{}{}", kubeconfig::without_credentials(url), url.path());
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
        let proxy = config.proxy_url.as_ref().map(kubeconfig::without_credentials);
        // To compress costs more than it saves on the way to this machine itself.
        let is_near = kubeconfig::is_loopback(&config.cluster_url) && proxy.is_none();
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
            patience: Patience::default(),
            certificate,
            compresses,
            has_answered: Arc::default(),
            waits: Arc::default(),
        })
    }

    /// Lengthens a wait by up to a half, so that requests which were refused at once do not come
    /// back at once.
    fn spread(&self, wait: Duration) -> Duration {
        let step = self.waits.fetch_add(1, Ordering::Relaxed) % 8;
        wait + wait * step / 16
    }
}

/// Puts what keeps kube from building a client into ours; a plugin's or parser's own words may quote
/// a credential and are left out.
fn client_error(error: kube::Error) -> ConfigError {
    let credential = |what, source| ConfigError::Credential { what, source };
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(rustls::Error::InconsistentKeys(_)) = inner.downcast_ref() {
            let source = "it is not that of the client certificate".into();
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
