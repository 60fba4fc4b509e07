//! What containers wrote.

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
    /// Which of its runs.
    pub of: LogOf,
    /// How far back; `None` is to the beginning.
    pub since: Option<Duration>,
}

/// Which run of a container wrote a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogOf {
    /// The one that runs, or ran last.
    Latest,
    /// The one before it.
    Previous,
}

impl Cluster {
    /// Reads a container's log as it arrives and hands each piece of it on.
    ///
    /// When the request breaks off, what was handed on until then stays handed on.
    pub async fn read_log(
        &self,
        log: &ContainerLog<'_>,
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), RequestError> {
        let call = Call::get(log.path()).accept("*/*");
        let mut answer = self.send(&call, &mut self.effort()).await?.of_any_length();
        while let Some(chunk) = answer.chunk().await? {
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
        if self.of == LogOf::Previous {
            path.push_str("&previous=true");
        }
        if let Some(since) = self.since {
            // Writing to a string cannot fail.
            let _ = write!(path, "&sinceSeconds={}", since.as_secs().max(1));
        }
        path
    }
}
