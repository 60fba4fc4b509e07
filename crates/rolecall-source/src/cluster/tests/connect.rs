//! Connections from tests to the test server.

use std::time::Duration;

use super::double::Double;
use crate::cluster::request::RetryPolicy;
use crate::cluster::{Cluster, ClusterOptions, ConfigError};

/// The token in the kubeconfigs.
pub(super) const TOKEN: &str = "SECRET-TOKEN";

impl Double {
    /// Connects with the server's kubeconfig, a short timeout and few retries.
    pub(super) async fn cluster(&self) -> Cluster {
        self.connect(&format!("server: {}", self.url())).await.unwrap()
    }

    /// Connects to a cluster that is defined by a kubeconfig entry.
    pub(super) async fn connect(&self, cluster: &str) -> Result<Cluster, ConfigError> {
        let path = self.folder().join("config");
        std::fs::write(&path, kubeconfig(cluster, &format!("token: {TOKEN}"))).unwrap();
        let mut cluster = Cluster::connect(&ClusterOptions {
            kubeconfig: Some(path),
            request_timeout: Some(Duration::from_secs(5)),
            ..ClusterOptions::default()
        })
        .await?;
        cluster.retry_policy = RetryPolicy {
            attempts: 3,
            first_wait: Duration::from_millis(1),
            longest_wait: Duration::from_millis(5),
        };
        Ok(cluster)
    }
}

/// Writes a kubeconfig with one context, whose namespace is `shop`.
pub(super) fn kubeconfig(cluster: &str, user: &str) -> String {
    let (cluster, user) = (cluster.replace('\n', "\n    "), user.replace('\n', "\n    "));
    format!(
        "apiVersion: v1
kind: Config
current-context: test
contexts:
- name: test
  context: {{cluster: test, user: test, namespace: shop}}
clusters:
- name: test
  cluster:
    {cluster}
users:
- name: test
  user:
    {user}
"
    )
}
