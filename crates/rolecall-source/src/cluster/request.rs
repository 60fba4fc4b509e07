//! Requests to the API server, with a timeout and with retries when the server is busy.
//!
//! kube's own policy (<https://github.com/kube-rs/kube/pull/2007>) is turned off. It retries up to 15
//! times and waits up to 1000 s, without a limit for the whole request, and it does not log a retry. It
//! decides by the status alone, also for requests that change objects
//! (<https://github.com/kube-rs/kube/issues/2082>). Requests of rolecall change nothing, so all of them
//! can be repeated, and all attempts share one deadline.
//!
//! For the same reason, single objects and dry runs do not use `kube::Api`: it reads bodies of any
//! length, and it turns the error page of a proxy into a Status.

use std::env::consts;
use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::Instant;

use super::Cluster;
use super::error::{Refusal, RequestError, classify};

/// A request that can be sent several times.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// A response whose body has not been read yet.
pub(super) struct Response {
    server: String,
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    deadline: Deadline,
    /// The number of bytes that the body can still have.
    remaining: usize,
}

/// The attempts at one request and their deadline. All retries together get the time of one
/// request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempts {
    attempt: u32,
    deadline: Deadline,
}

/// The retry policy for a busy server.
#[derive(Clone, Copy, Debug)]
pub(super) struct RetryPolicy {
    /// The maximum number of attempts.
    pub(super) attempts: u32,
    /// The wait before the second attempt, which doubles for each further one.
    pub(super) first_wait: Duration,
    /// The longest wait, even if the server asks for more.
    pub(super) longest_wait: Duration,
}

/// The user agent in the server's audit log, such as `rolecall/0.1.0 (linux/x86_64)`.
static AGENT: LazyLock<HeaderValue> = LazyLock::new(|| {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    HeaderValue::try_from(format!("rolecall/{version} ({os}/{arch})"))
        .unwrap_or(HeaderValue::from_static("rolecall"))
});

/// The part of an error response that is read.
const SMALL_BODY: usize = 1 << 20;

/// The size limit of a response, several times a page of 500 large objects.
const LONGEST_BODY: usize = 256 << 20;

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
        }
    }
}

impl Call {
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path.into(), Bytes::new())
    }

    pub(super) fn post(path: impl Into<String>, body: Bytes) -> Self {
        let mut call = Self::new(Method::POST, path.into(), body);
        call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call
    }

    pub(super) fn patch(path: impl Into<String>, body: Bytes) -> Self {
        Self::new(Method::PATCH, path.into(), body)
    }

    #[must_use]
    pub(super) fn accept(mut self, types: &'static str) -> Self {
        self.headers.insert(ACCEPT, HeaderValue::from_static(types));
        self
    }

    #[must_use]
    pub(super) fn headers(mut self, headers: HeaderMap) -> Self {
        self.headers.extend(headers);
        self
    }

    fn new(method: Method, path: String, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, AGENT.clone());
        Self { method, path, headers, body }
    }

    fn request(&self) -> Result<Request<Body>, http::Error> {
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .body(Body::from(self.body.clone()))?;
        request.headers_mut().extend(self.headers.clone());
        Ok(request)
    }
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

impl Cluster {
    /// Starts the attempts at a request.
    pub(super) fn attempts(&self) -> Attempts {
        let end = self.timeout.map(|timeout| Instant::now() + timeout);
        Attempts { attempt: 1, deadline: Deadline { limit: self.timeout, end } }
    }

    /// Sends a request, with retries, until the server returns a result or a final error.
    pub(super) async fn send(
        &self,
        call: &Call,
        attempts: &mut Attempts,
    ) -> Result<Response, RequestError> {
        loop {
            let outcome = self.attempt(call, attempts.deadline).await;
            let wait = match &outcome {
                Ok(response) if response.status.is_success() => return outcome,
                Ok(response) => self.retry_policy.after(attempts.attempt, response),
                Err(RequestError::Broken { .. }) => self.retry_policy.backed_off(attempts.attempt),
                Err(_) => None,
            };
            let wait =
                wait.map(|wait| self.spread(wait)).filter(|wait| attempts.deadline.allows(*wait));
            let Some(wait) = wait else {
                return match outcome {
                    Ok(response) => Err(response.into_refusal().await),
                    Err(error) => Err(error),
                };
            };
            tracing::info!("{call}: retrying in {wait:?}");
            tokio::time::sleep(wait).await;
            attempts.attempt += 1;
        }
    }

    /// Sends a request and reads its whole response.
    pub(super) async fn fetch(&self, call: &Call) -> Result<Bytes, RequestError> {
        let mut attempts = self.attempts();
        loop {
            match self.send(call, &mut attempts).await?.collect(usize::MAX).await {
                Err(RequestError::Broken { .. }) if attempts.allow_retry(&self.retry_policy) => {}
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, call: &Call, deadline: Deadline) -> Result<Response, RequestError> {
        let started = Instant::now();
        let mut request = call.request().map_err(|_| RequestError::NotKubernetes {
            server: self.server.to_string(),
            path: call.path.clone(),
        })?;
        if !self.compresses {
            // kube decompresses responses even when it did not ask for compression.
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let response = match deadline.limit(&self.server, self.client.send(request)).await {
            Ok(sent) => sent.map_err(|error| classify(&self.server, self.certificate, &error)),
            Err(error) => Err(error),
        };
        match &response {
            Ok(response) => {
                self.has_answered.store(true, Ordering::Relaxed);
                tracing::debug!("{call}: {} after {:?}", response.status(), started.elapsed());
            }
            Err(error) => tracing::debug!("{call}: {error} after {:?}", started.elapsed()),
        }
        let (head, body) = response.map_err(|error| self.unanswered(error))?.into_parts();
        Ok(Response {
            server: self.server.to_string(),
            path: call.path.clone(),
            status: head.status,
            headers: head.headers,
            body,
            deadline,
            remaining: LONGEST_BODY,
        })
    }

    /// Adds to an error whether the server has responded to any request so far.
    fn unanswered(&self, error: RequestError) -> RequestError {
        let ever_answered = self.has_answered.load(Ordering::Relaxed);
        match error {
            RequestError::TimedOut { server, after, .. } => {
                RequestError::TimedOut { server, after, ever_answered }
            }
            RequestError::Broken { server, .. } => RequestError::Broken { server, ever_answered },
            other => other,
        }
    }
}

impl Attempts {
    /// Returns whether a broken request can be retried, and counts the retry.
    pub(super) fn allow_retry(&mut self, retry_policy: &RetryPolicy) -> bool {
        let may = self.attempt < retry_policy.attempts && self.deadline.allows(Duration::ZERO);
        self.attempt += u32::from(may);
        may
    }
}

impl Response {
    /// Returns the next chunk of the body; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let frame = self.deadline.limit(&self.server, self.body.frame()).await?;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => {
                    let server = self.server.clone();
                    return Err(RequestError::Broken { server, ever_answered: true });
                }
                Some(Ok(frame)) => {
                    // Skip trailers.
                    let Ok(data) = frame.into_data() else { continue };
                    let remaining = self.remaining.checked_sub(data.len());
                    self.remaining = remaining.ok_or_else(|| self.too_large())?;
                    return Ok(Some(data));
                }
            }
        }
    }

    /// Removes the size limit, for bodies that are processed as a stream.
    #[must_use]
    pub(super) fn of_any_length(mut self) -> Self {
        self.remaining = usize::MAX;
        self
    }

    /// Returns the error for a response that exceeds the size limit.
    pub(super) fn too_large(&self) -> RequestError {
        RequestError::TooLarge { server: self.server.clone(), path: self.path.clone() }
    }

    /// Returns the value of a header if it is valid text.
    pub(super) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the error for a body that is not Kubernetes JSON.
    pub(super) fn not_kubernetes(&self) -> RequestError {
        RequestError::NotKubernetes { server: self.server.clone(), path: self.path.clone() }
    }

    async fn collect(mut self, limit: usize) -> Result<Bytes, RequestError> {
        let mut whole = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            whole.extend_from_slice(&chunk);
            if whole.len() >= limit {
                break;
            }
        }
        Ok(whole.into())
    }

    async fn into_refusal(self) -> RequestError {
        let code = self.status.as_u16();
        let body = self.collect(SMALL_BODY).await.unwrap_or_default();
        RequestError::Refused(Refusal::new(code, &body))
    }
}

impl RetryPolicy {
    /// Returns the wait before the next attempt; `None` if a retry is pointless or the attempts are
    /// used up.
    fn after(&self, attempt: u32, response: &Response) -> Option<Duration> {
        let busy =
            response.status == StatusCode::TOO_MANY_REQUESTS || response.status.is_server_error();
        // A retry does not help with 501 Not Implemented.
        if !busy || response.status == StatusCode::NOT_IMPLEMENTED {
            return None;
        }
        let asked = response.header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
        let backed_off = self.backed_off(attempt)?;
        Some(asked.map_or(backed_off, Duration::from_secs).min(self.longest_wait))
    }

    fn backed_off(&self, attempt: u32) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        let doubled = self.first_wait.saturating_mul(1 << (attempt - 1).min(16));
        Some(doubled.min(self.longest_wait))
    }
}

/// The time limit of one request, including its body and all attempts.
#[derive(Clone, Copy, Debug)]
struct Deadline {
    limit: Option<Duration>,
    end: Option<Instant>,
}

impl Deadline {
    /// Returns whether the deadline is later than the end of a wait.
    fn allows(&self, wait: Duration) -> bool {
        self.end.is_none_or(|end| Instant::now() + wait < end)
    }

    async fn limit<F: Future>(&self, server: &str, future: F) -> Result<F::Output, RequestError> {
        let (Some(limit), Some(end)) = (self.limit, self.end) else { return Ok(future.await) };
        tokio::time::timeout_at(end, future).await.map_err(|_| RequestError::TimedOut {
            server: server.to_owned(),
            after: limit,
            ever_answered: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let retry_policy = RetryPolicy {
            attempts: 6,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(1),
        };
        let waits: Vec<Option<u128>> = (1..=6)
            .map(|attempt| retry_policy.backed_off(attempt).map(|wait| wait.as_millis()))
            .collect();
        assert_eq!(waits, [Some(200), Some(400), Some(800), Some(1000), Some(1000), None]);
    }
}
