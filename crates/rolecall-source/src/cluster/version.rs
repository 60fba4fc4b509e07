//! Which version a server is.

use serde::Deserialize;

use super::Cluster;
use super::error::RequestError;
use super::request::Call;

const PATH: &str = "/version";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

impl Cluster {
    /// Asks which version the server is, such as `v1.36.0`.
    pub async fn version(&self) -> Result<String, RequestError> {
        let body = self.fetch(&Call::get(PATH)).await?;
        let version: Version = self.parse(PATH, &body)?;
        Ok(version.git_version)
    }
}
