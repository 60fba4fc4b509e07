//! Reads single objects by name, for callers whose list is refused.

use rolecall_rbac::InventoryBuilder;

use super::Cluster;
use super::dry_run::ObjectPath;
use super::error::RequestError;
use super::list::encode;
use super::request::Call;
use crate::decode::{Decoder, Identity, Place};
use rolecall_yaml::Position;

/// Whether a namespace accepts new objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceState {
    /// The namespace accepts new objects.
    Active,
    /// The namespace is being deleted, and the server rejects new objects in it.
    Terminating,
    /// The namespace does not exist.
    Missing,
}

impl Cluster {
    /// Returns whether a namespace accepts new objects.
    pub async fn namespace_state(&self, name: &str) -> Result<NamespaceState, RequestError> {
        let path = format!("/api/v1/namespaces/{}", encode(name));
        let body = match self.fetch(&Call::get(&*path)).await {
            // A proxy in front of the server can also answer 404, but not with a Status.
            Err(RequestError::Refused(refusal))
                if refusal.is_not_found() && refusal.is_kubernetes() =>
            {
                return Ok(NamespaceState::Missing);
            }
            body => body?,
        };
        let namespace: serde_json::Value = self.parse(&path, &body)?;
        let text = |at| namespace.pointer(at).and_then(serde_json::Value::as_str);
        match (text("/kind"), text("/status/phase"), text("/metadata/deletionTimestamp")) {
            (Some("Namespace"), Some("Terminating"), _) | (Some("Namespace"), _, Some(_)) => {
                Ok(NamespaceState::Terminating)
            }
            (Some("Namespace"), ..) => Ok(NamespaceState::Active),
            _ => Err(RequestError::NotKubernetes { server: self.server.to_string(), path }),
        }
    }

    /// Reads one object of a kind. Returns `None` when it does not exist.
    ///
    /// Callers who are not allowed to list objects can often get one.
    pub async fn object(
        &self,
        path: &ObjectPath<'_>,
        kind: &str,
    ) -> Result<Option<InventoryBuilder>, RequestError> {
        let body = match self.fetch(&Call::get(path.to_string())).await {
            Err(error) if error.refusal().is_some_and(|refusal| refusal.is_not_found()) => {
                return Ok(None);
            }
            body => body?,
        };
        let api_version = match path.group {
            "" => path.version.to_owned(),
            group => format!("{group}/{}", path.version),
        };
        let identity = Identity { api_version: api_version.into(), kind: kind.into() };
        let mut decoder = Decoder::new(&Place::Cluster, "");
        let is_read = std::str::from_utf8(&body)
            .is_ok_and(|text| decoder.json(text, Some(&identity), Position::default()).is_ok());
        if !is_read {
            return Err(RequestError::NotKubernetes {
                server: self.server.to_string(),
                path: path.to_string(),
            });
        }
        Ok(Some(decoder.batch.builder))
    }
}
