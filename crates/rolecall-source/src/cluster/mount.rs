//! The ServiceAccount that is mounted into a Pod.

use std::path::{Path, PathBuf};

use http::Uri;
use kube::Config;

use super::address::{read_token, server_url};
use super::error::ConfigError;

/// The files of a mounted ServiceAccount (token, certificate authority and namespace) and their
/// server.
#[derive(Clone, Debug)]
pub struct MountedServiceAccount {
    /// The directory with `token`, `ca.crt` and `namespace`.
    pub directory: PathBuf,
    /// The server's URL.
    pub server: String,
}

/// The mount path in every Pod.
pub const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

impl MountedServiceAccount {
    /// Returns the ServiceAccount of the current Pod: the default mount path, and the server from
    /// the environment variables that the kubelet sets. Returns `None` when they are not set.
    pub fn from_environment() -> Option<Self> {
        Some(Self { directory: PathBuf::from(MOUNT_PATH), server: server_of_environment()? })
    }

    /// Returns the path of one of the files.
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Builds the kube configuration. Compression is off because the cluster network is fast.
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let mut config = self.config_without_token()?;
        config.auth_info.token_file = Some(self.file("token").to_string_lossy().into_owned());
        read_token(&mut config.auth_info)?;
        Ok(config)
    }

    /// Builds the kube configuration of an anonymous client.
    pub(super) fn config_without_token(&self) -> Result<Config, ConfigError> {
        let url: Uri = server_url(&self.server, true)?;
        // Like client-go, do not require the namespace file.
        let namespace = read(&self.file("namespace")).unwrap_or_else(|_| "default".to_owned());
        let authority = self.file("ca.crt");
        read(&authority)?;

        let mut config = Config::new(url);
        config.default_namespace = namespace.trim().to_owned();
        // The client rereads the file, because the authority can change.
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
