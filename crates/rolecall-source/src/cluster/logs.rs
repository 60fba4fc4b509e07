//! Container logs.

use std::fmt::Write as _;
use std::time::Duration;

use super::Cluster;
use super::error::RequestError;
use super::list::encode;
use super::request::Call;

/// One container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLog<'a> {
    /// The Pod's namespace.
    pub namespace: &'a str,
    /// The Pod.
    pub pod: &'a str,
    /// The container.
    pub container: &'a str,
    /// The run of the container.
    pub run: LogRun,
    /// The age of the oldest line to read; `None` reads from the beginning.
    pub since: Option<Duration>,
}

/// The run of a container that wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRun {
    /// The current or most recent run.
    Latest,
    /// The run before it.
    Previous,
}

impl Cluster {
    /// Reads a container's log and passes on each chunk as it arrives.
    ///
    /// If the connection breaks, the chunks so far have already been passed on.
    pub async fn read_log(
        &self,
        log: &ContainerLog<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), RequestError> {
        let call = Call::get(log.path()).accept("*/*");
        let mut response = self.send(&call, &mut self.attempts()).await?.of_any_length();
        while let Some(chunk) = response.chunk().await? {
            take(&chunk);
        }
        Ok(())
    }
}

impl ContainerLog<'_> {
    fn path(&self) -> String {
        let mut path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}",
            encode(self.namespace),
            encode(self.pod),
            encode(self.container)
        );
        if self.run == LogRun::Previous {
            path.push_str("&previous=true");
        }
        if let Some(since) = self.since {
            // Writing to a string is infallible.
            let _ = write!(path, "&sinceSeconds={}", since.as_secs().max(1));
        }
        path
    }
}
