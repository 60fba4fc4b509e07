//! kubectl's connection options, which override the kubeconfig.

use std::collections::BTreeMap;
use std::fmt;

use clap::{Args, ValueHint};
use rolecall_source::cluster::{Overrides, without_userinfo};

/// Connection settings that override the kubeconfig; `rolecall options` lists them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Cluster")]
pub(crate) struct ConnectionOptions {
    /// Address and port of the API server
    #[arg(short, long, value_name = "URL", global = true)]
    server: Option<String>,
    /// Name of the kubeconfig cluster to use
    #[arg(long, value_name = "NAME", global = true)]
    cluster: Option<String>,
    /// Name of the kubeconfig user to use
    #[arg(long, value_name = "NAME", global = true)]
    user: Option<String>,
    /// Bearer token for the API server
    #[arg(long, value_name = "TOKEN", global = true)]
    token: Option<Hidden>,
    /// User name for basic authentication
    #[arg(long, value_name = "NAME", global = true)]
    username: Option<String>,
    /// Password for basic authentication
    #[arg(long, value_name = "PASSWORD", global = true)]
    password: Option<Hidden>,
    /// Certificate file of the authority that signed the server's certificate
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, global = true)]
    certificate_authority: Option<String>,
    /// Do not verify the server's certificate
    #[arg(long, global = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_name = "BOOL")]
    insecure_skip_tls_verify: Option<bool>,
    /// Name to expect in the server's certificate
    #[arg(long, value_name = "NAME", global = true)]
    tls_server_name: Option<String>,
    /// Client certificate file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, global = true)]
    client_certificate: Option<String>,
    /// Client key file
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath, global = true)]
    client_key: Option<String>,
    /// UID to impersonate, with --as
    #[arg(long, value_name = "UID", global = true)]
    as_uid: Option<String>,
    /// Extra attribute to impersonate, with --as; can be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = parse_extra, global = true)]
    as_user_extra: Vec<(String, String)>,
    /// Accepted for compatibility with kubectl; rolecall keeps no cache
    #[arg(long, value_name = "PATH", global = true, hide = true)]
    cache_dir: Option<String>,
    /// Accepted for compatibility with kubectl; rolecall compresses only where it helps
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_name = "BOOL")]
    disable_compression: Option<bool>,
}

/// A text that is never printed.
#[derive(Clone)]
struct Hidden(String);

impl From<String> for Hidden {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hidden")
    }
}

impl ConnectionOptions {
    /// Returns the settings that override the kubeconfig.
    pub(crate) fn overrides(&self) -> Overrides {
        let secret = |hidden: &Hidden| hidden.0.as_str().into();
        let mut extra: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (key, value) in &self.as_user_extra {
            extra.entry(key.clone()).or_default().push(value.clone());
        }
        Overrides {
            cluster: self.cluster.clone(),
            user: self.user.clone(),
            server: self.server.clone(),
            tls_server_name: self.tls_server_name.clone(),
            certificate_authority: self.certificate_authority.clone(),
            insecure_skip_tls_verify: self.insecure_skip_tls_verify.unwrap_or_default(),
            token: self.token.as_ref().map(secret),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
            username: self.username.clone(),
            password: self.password.as_ref().map(secret),
            impersonate_uid: self.as_uid.clone(),
            impersonate_extra: extra,
        }
    }

    /// Returns the options and values with which another command reaches the same server, without
    /// tokens and passwords.
    pub(crate) fn shown(&self) -> Vec<(&'static str, String)> {
        let server = self.server.as_deref().map(without_userinfo);
        let rows = [
            ("--server", &server),
            ("--cluster", &self.cluster),
            ("--user", &self.user),
            ("--certificate-authority", &self.certificate_authority),
            ("--tls-server-name", &self.tls_server_name),
            ("--client-certificate", &self.client_certificate),
            ("--client-key", &self.client_key),
        ];
        let rows = rows.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        let skips = self.insecure_skip_tls_verify.unwrap_or_default();
        rows.chain(skips.then(|| ("--insecure-skip-tls-verify", String::new()))).collect()
    }

    /// Returns the impersonation options and their values.
    pub(crate) fn impersonation(&self) -> Vec<(&'static str, String)> {
        let uid = self.as_uid.iter().map(|uid| ("--as-uid", uid.clone()));
        let extra = self.as_user_extra.iter();
        uid.chain(extra.map(|(key, value)| ("--as-user-extra", format!("{key}={value}")))).collect()
    }
}

/// Parses an extra attribute, `KEY=VALUE`.
fn parse_extra(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("use the format KEY=VALUE")?;
    // The server lowercases keys, too.
    Ok((key.to_lowercase(), value.to_owned()))
}
