//! One object by its name, where its list was not read.

use rolecall_rbac::InventoryBuilder;

use super::Cluster;
use super::dry_run::ObjectPath;
use super::error::RequestError;
use super::list::encode;
use super::request::Call;
use crate::decode::{Decoder, Identity, Place};
use rolecall_yaml::Position;

/// Whether a namespace takes new objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceState {
    /// It does.
    Active,
    /// It is being deleted, and the server refuses new objects in it.
    Terminating,
    /// There is none of that name.
    Missing,
}

impl Cluster {
    /// Returns whether a namespace takes new objects.
    pub async fn namespace_state(&self, name: &str) -> Result<NamespaceState, RequestError> {
        let path = format!("/api/v1/namespaces/{}", encode(name));
        let body = match self.fetch(&Call::get(&*path)).await {
            // Whatever stands before a server has nothing at any path.
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

    /// Reads one object of a kind; `None` when the server has none of that name, or answers with
    /// something else.
    ///
    /// Callers who may not list objects can often get one.
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
