//! The version of a server.

use serde::Deserialize;

use super::Cluster;
use super::error::{Refusal, RequestError};
use super::request::Call;

const PATH: &str = "/version";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

impl Cluster {
    /// Returns the server's version, such as `v1.36.0`.
    pub async fn version(&self) -> Result<String, RequestError> {
        let body = self.fetch(&Call::get(PATH)).await?;
        let version: Version = self.parse(PATH, &body)?;
        Ok(version.git_version)
    }

    /// Fails unless the server is a Kubernetes API server, which reports its version or refuses
    /// with a Status.
    pub async fn prove_kubernetes(&self) -> Result<(), RequestError> {
        self.version().await.map(drop).or_else(|error| self.unless_foreign(error))
    }

    /// Ignores an error that an API server can return for a basic path, and converts any other into
    /// the fatal error.
    pub(super) fn unless_foreign(&self, error: RequestError) -> Result<(), RequestError> {
        let is_foreign = match &error {
            RequestError::NotKubernetes { .. } | RequestError::TooLarge { .. } => true,
            // A proxy in front of the server can change the body of these.
            RequestError::Refused(Refusal { code: 401 | 403 | 429 | 500.., .. }) => false,
            RequestError::Refused(refusal) => !refusal.is_kubernetes(),
            _ => false,
        };
        match error {
            error if is_foreign => Err(RequestError::NotAnApiServer {
                server: self.server().to_owned(),
                source: Box::new(error),
            }),
            error if error.is_fatal() => Err(error),
            _ => Ok(()),
        }
    }
}
