//! Selects the server and its credentials from a kubeconfig or the Pod's ServiceAccount.
//!
//! kube parses and merges kubeconfigs. Four parts are replaced. The proxy: kube 5.0 compares `NO_PROXY`
//! with the proxy instead of the server (<https://github.com/kube-rs/kube/issues/1203> added the
//! variable) and does not read `HTTP_PROXY` (<https://github.com/kube-rs/kube/pull/1587>), which Go's
//! client uses for `http` servers. Overrides: kube has options for the context, cluster and user, but
//! not for kubectl's other connection flags. Errors: kube quotes the file, and it can contain tokens.
//! Credential plugins: see `plugin`.

use std::io::Read;
use std::path::Path;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::address::{is_loopback, read_token, server_url};
use super::error::ConfigError;
use super::mount::MountedServiceAccount;
use super::overrides::{Effective, Overrides};
use super::plugin;
use super::{ClusterOptions, DEFAULT_TIMEOUT};

/// The server to connect to.
pub(super) struct Endpoint {
    pub(super) config: Config,
    /// The kubeconfig's context; `None` inside a Pod.
    pub(super) context: Option<String>,
}

/// The connection timeout, unless the request timeout is shorter.
const CONNECT_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Selects the server from `--kubeconfig`, `KUBECONFIG`, `~/.kube/config` or the Pod's
/// ServiceAccount, in this order. A kubeconfig that exists but is invalid is an error and is never
/// skipped.
pub(super) async fn resolve(
    options: &ClusterOptions,
    on_plugin: &dyn Fn(&str),
) -> Result<Endpoint, ConfigError> {
    let mut endpoint = match read_kubeconfig(options.kubeconfig.as_deref())? {
        Some(kubeconfig) => from_kubeconfig(kubeconfig, options, on_plugin).await?,
        None if options.overrides.name_a_server() => {
            from_kubeconfig(Kubeconfig::default(), options, on_plugin).await?
        }
        None => match MountedServiceAccount::from_environment() {
            Some(account) => Endpoint { config: account.config()?, context: None },
            None => return Err(ConfigError::NoCluster),
        },
    };
    set_timeouts(&mut endpoint.config, options.timeout());
    impersonate(&mut endpoint.config.auth_info, options)?;
    Ok(endpoint)
}

/// Applies a request timeout to connecting and writing. The reading side has its own timer.
pub(super) fn set_timeouts(config: &mut Config, timeout: Option<std::time::Duration>) {
    config.connect_timeout =
        Some(timeout.map_or(CONNECT_TIMEOUT, |timeout| timeout.min(CONNECT_TIMEOUT)));
    config.read_timeout = None;
    config.write_timeout = Some(timeout.unwrap_or(DEFAULT_TIMEOUT));
    // Retries are logged and bounded in `request`.
    config.default_retry = false;
}

fn impersonate(auth: &mut AuthInfo, options: &ClusterOptions) -> Result<(), ConfigError> {
    let groups = &options.impersonate_groups;
    let Overrides { impersonate_uid: uid, impersonate_extra: extra, .. } = &options.overrides;
    match &options.impersonate_user {
        Some(user) => {
            auth.impersonate = Some(user.clone());
            auth.impersonate_uid = uid.clone();
            auth.impersonate_user_extra = None;
            auth.impersonate_groups = Some(groups.clone());
        }
        None if groups.is_empty() && uid.is_none() && extra.is_empty() => return Ok(()),
        None if auth.impersonate.is_none() => return Err(ConfigError::GroupsWithoutUser),
        None => {
            if !groups.is_empty() {
                auth.impersonate_groups = Some(groups.clone());
            }
            if uid.is_some() {
                auth.impersonate_uid = uid.clone();
            }
        }
    }
    if !extra.is_empty() {
        auth.impersonate_user_extra =
            Some(extra.iter().map(|(key, values)| (key.clone(), values.clone())).collect());
    }
    Ok(())
}

/// The names that options can refer to, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubeconfigNames {
    /// The names of the contexts.
    pub contexts: Vec<String>,
    /// The names of the clusters.
    pub clusters: Vec<String>,
    /// The names of the users.
    pub users: Vec<String>,
}

impl KubeconfigNames {
    /// Reads the names from `--kubeconfig`, `KUBECONFIG` or `~/.kube/config`, in this order.
    pub fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let kubeconfig = read_kubeconfig(path)?.unwrap_or_default();
        let sorted = |names: &mut dyn Iterator<Item = String>| {
            names.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
        };
        Ok(Self {
            contexts: sorted(&mut kubeconfig.contexts.into_iter().map(|context| context.name)),
            clusters: sorted(&mut kubeconfig.clusters.into_iter().map(|cluster| cluster.name)),
            users: sorted(&mut kubeconfig.auth_infos.into_iter().map(|user| user.name)),
        })
    }
}

fn read_kubeconfig(path: Option<&Path>) -> Result<Option<Kubeconfig>, ConfigError> {
    if let Some(path) = path {
        return read_file(path).map(Some);
    }
    if let Some(paths) = std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()) {
        // Like kubectl, skip files of the list that do not exist.
        let files = std::env::split_paths(&paths)
            .filter(|path| !path.as_os_str().is_empty() && path.exists());
        let mut merged: Option<Kubeconfig> = None;
        for path in files {
            let next = read_file(&path)?;
            merged = Some(match merged {
                Some(merged) => merged.merge(next).map_err(|_| ConfigError::MixedKubeconfigs)?,
                None => next,
            });
        }
        return Ok(merged);
    }
    match std::env::home_dir().map(|home| home.join(".kube/config")) {
        Some(path) if path.exists() => read_file(&path).map(Some),
        _ => Ok(None),
    }
}

fn read_file(path: &Path) -> Result<Kubeconfig, ConfigError> {
    bounded(path).map_err(|error| match error {
        KubeconfigError::ReadConfig(source, path) => {
            ConfigError::UnreadableKubeconfig { path, source }
        }
        // The parser's message quotes the file, including tokens.
        KubeconfigError::Parse(error) => ConfigError::MalformedKubeconfig {
            path: path.to_path_buf(),
            line: error.location().map(|location| location.line()),
        },
        _ => ConfigError::MalformedKubeconfig { path: path.to_path_buf(), line: None },
    })
}

/// The largest kubeconfig that is accepted.
const LONGEST: u64 = 16 << 20;

/// Reads a kubeconfig up to the size limit. Devices can be endless.
fn bounded(path: &Path) -> Result<Kubeconfig, KubeconfigError> {
    let unread = |source| KubeconfigError::ReadConfig(source, path.to_owned());
    let too_long = || {
        let what = format!("it is larger than {} MiB, the limit for a kubeconfig", LONGEST >> 20);
        unread(std::io::Error::other(what))
    };
    let metadata = std::fs::metadata(path).map_err(unread)?;
    if metadata.is_file() || metadata.is_dir() {
        return match metadata.len() > LONGEST {
            true => Err(too_long()),
            false => Kubeconfig::read_from(path),
        };
    }
    // A pipe has no length, and no directory to resolve relative paths against.
    let mut text = String::new();
    let mut file = std::fs::File::open(path).map_err(unread)?.take(LONGEST + 1);
    file.read_to_string(&mut text).map_err(unread)?;
    if text.len() as u64 > LONGEST { Err(too_long()) } else { Kubeconfig::from_yaml(&text) }
}

async fn from_kubeconfig(
    mut kubeconfig: Kubeconfig,
    options: &ClusterOptions,
    on_plugin: &dyn Fn(&str),
) -> Result<Endpoint, ConfigError> {
    let Effective { context, name } =
        options.overrides.apply(&mut kubeconfig, options.context.as_deref())?;
    let cluster = kubeconfig.clusters.first_mut().and_then(|cluster| cluster.cluster.as_mut());
    let Some(cluster) = cluster else { return Err(ConfigError::NoCluster) };
    let server = cluster.server.clone().unwrap_or_default();
    let has_authority =
        cluster.certificate_authority.is_some() || cluster.certificate_authority_data.is_some();
    let url = server_url(&server, has_authority)?;
    cluster.server = Some(url.to_string());
    let proxy = proxy_url(cluster.proxy_url.as_deref(), &url)?;
    // kube would use the proxy of the environment even for servers in NO_PROXY.
    cluster.proxy_url = proxy.as_ref().map(Uri::to_string);

    let which = KubeConfigOptions { context: Some(name), ..KubeConfigOptions::default() };
    let mut config =
        Config::from_custom_kubeconfig(kubeconfig, &which).await.map_err(config_error)?;
    config.proxy_url = proxy;
    if config.default_namespace.is_empty() {
        config.default_namespace = "default".to_owned();
    }
    plugin::run(&mut config.auth_info, options, on_plugin).await?;
    if let (Some(provider), None) = (&config.auth_info.auth_provider, &config.auth_info.token) {
        return Err(ConfigError::UnsupportedProvider { provider: provider.name.clone() });
    }
    read_token(&mut config.auth_info).map_err(|error| match error {
        ConfigError::UnreadableMount { path, source } => {
            ConfigError::UnreadableTokenFile { path, source }
        }
        other => other,
    })?;
    Ok(Endpoint { config, context })
}

/// Returns the proxy for a server: the kubeconfig's, else the environment's, which does not apply
/// to loopback addresses and hosts in NO_PROXY.
fn proxy_url(of_cluster: Option<&str>, server: &Uri) -> Result<Option<Uri>, ConfigError> {
    let variable = |names: [&str; 2]| {
        names
            .into_iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
    };
    let proxy = match of_cluster.filter(|proxy| !proxy.is_empty()) {
        Some(proxy) => Some(proxy.to_owned()),
        None if is_loopback(server) => None,
        None => {
            let secure = server.scheme_str() == Some("https");
            let names =
                if secure { ["HTTPS_PROXY", "https_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
            let excepted = variable(["NO_PROXY", "no_proxy"]).unwrap_or_default();
            variable(names).filter(|_| !is_excepted(&excepted, server))
        }
    };
    let Some(proxy) = proxy else { return Ok(None) };
    let proxy = if proxy.contains("://") { proxy } else { format!("http://{proxy}") };
    proxy
        .parse::<Uri>()
        .ok()
        .filter(|proxy| matches!(proxy.scheme_str(), Some("http" | "https" | "socks5")))
        .map(Some)
        .ok_or(ConfigError::UnsupportedProxy)
}

/// Returns whether a NO_PROXY list contains a server.
fn is_excepted(no_proxy: &str, server: &Uri) -> bool {
    let any = "http://any";
    let matcher = Matcher::builder().http(any).https(any).no(no_proxy.to_owned()).build();
    matcher.intercept(server).is_none()
}

/// Converts a kube error about certificates and keys.
pub(super) fn config_error(error: KubeconfigError) -> ConfigError {
    let credential = |what, source: Box<dyn std::error::Error + Send + Sync>| {
        ConfigError::Credential { what, source }
    };
    match error {
        KubeconfigError::LoadCertificateAuthority(source) => {
            credential("certificate authority", load_error(source))
        }
        KubeconfigError::ParseCertificates(source) => {
            credential("certificate authority", source.into())
        }
        KubeconfigError::LoadClientCertificate(source) => {
            credential("client certificate", load_error(source))
        }
        KubeconfigError::LoadClientKey(source) => credential("client key", load_error(source)),
        KubeconfigError::ParseProxyUrl(_) | KubeconfigError::ParseNoProxy(_) => {
            ConfigError::UnsupportedProxy
        }
        _ => ConfigError::Credential { what: "kubeconfig", source: "it is incomplete".into() },
    }
}

fn load_error(error: kube::config::LoadDataError) -> Box<dyn std::error::Error + Send + Sync> {
    use kube::config::LoadDataError;

    match error {
        LoadDataError::ReadFile(source, path) => {
            format!("cannot read `{}`: {source}", path.display()).into()
        }
        LoadDataError::DecodeBase64(_) => "it is not base64".into(),
        LoadDataError::NoBase64DataOrFile => "it is missing".into(),
    }
}
