//! The ServiceAccount that a Pod is given as files.

use std::path::{Path, PathBuf};

use http::Uri;
use kube::Config;

use super::error::ConfigError;
use super::kubeconfig::{read_token, server_url};

/// A ServiceAccount's token, authority and namespace as files, and the server they are for.
#[derive(Clone, Debug)]
pub struct MountedServiceAccount {
    /// The folder of `token`, `ca.crt` and `namespace`.
    pub directory: PathBuf,
    /// The server's URL.
    pub server: String,
}

/// Where every Pod finds them.
pub const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl MountedServiceAccount {
    /// Returns the one of the Pod this runs in: its usual place, and the server that the kubelet's
    /// environment variables name. `None` when they are not set.
    pub fn from_environment() -> Option<Self> {
        Some(Self { directory: PathBuf::from(MOUNT_PATH), server: server_of_environment()? })
    }

    /// Returns the path of one of its files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Builds what kube connects with. A cluster's own network is fast, so nothing is compressed.
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let mut config = self.config_without_token()?;
        config.auth_info.token_file = Some(self.file("token").to_string_lossy().into_owned());
        read_token(&mut config.auth_info)?;
        Ok(config)
    }

    /// Builds what kube connects with to ask as nobody.
    pub(super) fn config_without_token(&self) -> Result<Config, ConfigError> {
        let url: Uri = server_url(&self.server, true)?;
        // As for Kubernetes' own clients, a server can be asked without it.
        let namespace = read(&self.file("namespace")).unwrap_or_else(|_| "default".to_owned());
        let authority = self.file("ca.crt");
        read(&authority)?;

        let mut config = Config::new(url);
        config.default_namespace = namespace.trim().to_owned();
        // Whoever connects reads the authority's file again and again, as it may change.
        config.root_cert = Some(Vec::new());
        config.root_cert_file = Some(authority);
        config.disable_compression = true;
        Ok(config)
    }
}

/// Returns the server's URL from `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`.
pub fn server_of_environment() -> Option<String> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let host = variable("KUBERNETES_SERVICE_HOST")?;
    let port = variable("KUBERNETES_SERVICE_PORT")?;
    Some(if host.contains(':') && !host.starts_with('[') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    })
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|source| ConfigError::UnreadableMount { path: path.to_path_buf(), source })
}
