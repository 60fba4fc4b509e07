//! Connection options that override a kubeconfig, as in kubectl.

use std::collections::BTreeMap;

use kube::config::{
    AuthInfo, Cluster, Context, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use secrecy::SecretString;

use super::error::ConfigError;

/// The options of the command line that override the kubeconfig, with kubectl's names.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// The cluster entry of the kubeconfig to use instead of the context's.
    pub cluster: Option<String>,
    /// The user entry of the kubeconfig to use instead of the context's.
    pub user: Option<String>,
    /// The server's address.
    pub server: Option<String>,
    /// The host name to expect in the server's certificate.
    pub tls_server_name: Option<String>,
    /// The path of the certificate authority.
    pub certificate_authority: Option<String>,
    /// Whether to skip the check of the server's certificate.
    pub insecure_skip_tls_verify: bool,
    /// A bearer token.
    pub token: Option<SecretString>,
    /// The path of the client certificate.
    pub client_certificate: Option<String>,
    /// The path of the client key.
    pub client_key: Option<String>,
    /// A user name.
    pub username: Option<String>,
    /// The password of that user.
    pub password: Option<SecretString>,
    /// The uid to impersonate.
    pub impersonate_uid: Option<String>,
    /// The extra attributes to impersonate, with their values.
    pub impersonate_extra: BTreeMap<String, Vec<String>>,
}

impl Overrides {
    /// Returns whether the options name a server, so that no kubeconfig is needed.
    pub(super) fn name_a_server(&self) -> bool {
        self.server.is_some()
    }

    /// Applies the options to a kubeconfig and returns the resulting context.
    pub(super) fn apply(
        &self,
        kubeconfig: &mut Kubeconfig,
        wanted: Option<&str>,
    ) -> Result<Effective, ConfigError> {
        let current = kubeconfig.current_context.clone().filter(|name| !name.is_empty());
        let name = wanted.map(str::to_owned).or(current);
        let mut context = match &name {
            Some(name) => {
                let found = kubeconfig.contexts.iter().find(|context| context.name == *name);
                found.and_then(|found| found.context.clone()).ok_or_else(|| {
                    ConfigError::UnknownContext { context: name.clone(), known: known(kubeconfig) }
                })?
            }
            None if self.name_a_server() || self.cluster.is_some() => Context::default(),
            None => return Err(ConfigError::NoContext { known: known(kubeconfig) }),
        };
        let cluster_name = self.cluster.clone().unwrap_or_else(|| context.cluster.clone());
        let found = kubeconfig.clusters.iter().find(|cluster| cluster.name == cluster_name);
        let mut cluster = match found.and_then(|found| found.cluster.clone()) {
            Some(cluster) => cluster,
            None if self.name_a_server() && self.cluster.is_none() => Cluster::default(),
            None => return Err(no_server(name, cluster_name)),
        };
        self.override_cluster(&mut cluster);
        if cluster.server.as_ref().is_none_or(String::is_empty) {
            return Err(no_server(name, cluster_name));
        }
        let user_name = self.user.clone().or_else(|| context.user.clone()).unwrap_or_default();
        let found = kubeconfig.auth_infos.iter().find(|user| user.name == user_name);
        let mut user = match found {
            Some(found) => found.auth_info.clone().unwrap_or_default(),
            None if user_name.is_empty() => AuthInfo::default(),
            None => {
                let mut known: Vec<String> =
                    kubeconfig.auth_infos.iter().map(|user| user.name.clone()).collect();
                known.sort();
                return Err(ConfigError::UnknownUser { context: name, user: user_name, known });
            }
        };
        self.override_user(&mut user);
        // The merged entries get a dedicated name, so no other entry uses them.
        let only = "rolecall".to_owned();
        context.cluster = only.clone();
        context.user = Some(only.clone());
        kubeconfig.contexts = vec![NamedContext {
            name: only.clone(),
            context: Some(context),
            ..NamedContext::default()
        }];
        kubeconfig.clusters = vec![NamedCluster {
            name: only.clone(),
            cluster: Some(cluster),
            ..NamedCluster::default()
        }];
        kubeconfig.auth_infos = vec![NamedAuthInfo {
            name: only.clone(),
            auth_info: Some(user),
            ..NamedAuthInfo::default()
        }];
        kubeconfig.current_context = Some(only.clone());
        Ok(Effective { context: name, name: only })
    }

    fn override_cluster(&self, cluster: &mut Cluster) {
        if let Some(server) = &self.server {
            cluster.server = Some(server.clone());
        }
        // Either option replaces all of the kubeconfig's settings for the server's certificate.
        if self.insecure_skip_tls_verify || self.certificate_authority.is_some() {
            cluster.insecure_skip_tls_verify = Some(self.insecure_skip_tls_verify);
            cluster.certificate_authority = self.certificate_authority.clone();
            cluster.certificate_authority_data = None;
        }
        // The certificate name in the kubeconfig belongs to the kubeconfig's server.
        if self.tls_server_name.is_some() || self.server.is_some() {
            cluster.tls_server_name = self.tls_server_name.clone();
        }
    }

    fn override_user(&self, user: &mut AuthInfo) {
        if let Some(token) = &self.token {
            user.token = Some(token.clone());
            user.token_file = None;
        }
        if let Some(certificate) = &self.client_certificate {
            user.client_certificate = Some(certificate.clone());
            user.client_certificate_data = None;
        }
        if let Some(key) = &self.client_key {
            user.client_key = Some(key.clone());
            user.client_key_data = None;
        }
        if let Some(name) = &self.username {
            user.username = Some(name.clone());
        }
        if let Some(password) = &self.password {
            user.password = Some(password.clone());
        }
    }
}

/// The context in effect.
pub(super) struct Effective {
    /// The name to show to users; `None` when only the command line names the server.
    pub(super) context: Option<String>,
    /// The name in the modified kubeconfig.
    pub(super) name: String,
}

fn no_server(context: Option<String>, cluster: String) -> ConfigError {
    ConfigError::NoServer { context: context.unwrap_or_default(), cluster }
}

fn known(kubeconfig: &Kubeconfig) -> Vec<String> {
    let mut names: Vec<String> =
        kubeconfig.contexts.iter().map(|context| context.name.clone()).collect();
    names.sort();
    names
}
