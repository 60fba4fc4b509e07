//! Server-side dry runs of applying an object.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::Cluster;
use super::error::RequestError;
use super::list::encode;
use super::request::Call;

/// The API path of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectPath<'a> {
    /// The API group; empty for core.
    pub group: &'a str,
    /// The version.
    pub version: &'a str,
    /// The plural resource name.
    pub resource: &'a str,
    /// The namespace; empty for cluster-scoped kinds.
    pub namespace: &'a str,
    /// The name.
    pub name: &'a str,
}

impl Cluster {
    /// Asks the server to check an object as if it were applied: authorization, validation,
    /// admission and the RBAC escalation check. Nothing is stored.
    pub async fn dry_run(&self, path: &ObjectPath<'_>, object: Bytes) -> Result<(), RequestError> {
        let mut headers = HeaderMap::new();
        // JSON is valid YAML, and servers before 1.31 accept no other content type for apply.
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/apply-patch+yaml"));
        let path = format!("{path}?dryRun=All&fieldManager=rolecall&force=true");
        self.fetch(&Call::patch(path, object).headers(headers)).await?;
        Ok(())
    }
}

impl std::fmt::Display for ObjectPath<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { group, version, resource, namespace, name } = self;
        match *group {
            "" => write!(formatter, "/api/{version}")?,
            group => write!(formatter, "/apis/{}/{version}", encode(group))?,
        }
        if !namespace.is_empty() {
            write!(formatter, "/namespaces/{}", encode(namespace))?;
        }
        write!(formatter, "/{}/{}", encode(resource), encode(name))
    }
}
