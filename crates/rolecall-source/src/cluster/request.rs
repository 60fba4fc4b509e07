//! One request to the API server: with a time limit, and again when the server is only busy.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use tokio::time::Instant;

use super::Cluster;
use super::error::{Refusal, RequestError, classify};

/// What is sent, as often as needed.
#[derive(Clone, Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

/// An answer whose body is still to come.
pub(super) struct Answer {
    server: String,
    path: String,
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    time: Time,
}

/// How patient a client is with a busy server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// How often a request is sent at most.
    pub(super) attempts: u32,
    /// How long to wait before the second attempt; twice as long before each further one.
    pub(super) first_wait: Duration,
    /// The longest wait, whatever the server asks for.
    pub(super) longest_wait: Duration,
}

/// Errors are sentences and answers to reviews small; more of a body than this is not read for them.
const SMALL_BODY: usize = 1 << 20;

impl Default for Patience {
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
    /// Sends a request until the server answers it for good: with what was asked, or with a refusal.
    pub(super) async fn send(&self, call: &Call) -> Result<Answer, RequestError> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(call).await;
            let wait = match &outcome {
                Ok(answer) if answer.status.is_success() => return outcome,
                Ok(answer) => self.patience.after(attempt, answer),
                Err(RequestError::Broken { .. }) => self.patience.backed_off(attempt),
                Err(_) => None,
            };
            let Some(wait) = wait else {
                return match outcome {
                    Ok(answer) => Err(answer.into_refusal().await),
                    Err(error) => Err(error),
                };
            };
            let wait = self.spread(wait);
            tracing::info!("{call}: trying again in {wait:?}");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    /// Sends a request and reads the whole of a small answer.
    pub(super) async fn fetch(&self, call: &Call) -> Result<Bytes, RequestError> {
        let mut attempt = 1;
        loop {
            match self.send(call).await?.collect(usize::MAX).await {
                Err(RequestError::Broken { .. }) if attempt < self.patience.attempts => {
                    attempt += 1
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, call: &Call) -> Result<Answer, RequestError> {
        let time = Time { limit: self.timeout, end: self.timeout.map(|t| Instant::now() + t) };
        let started = Instant::now();
        let request = call.request().map_err(|_| RequestError::NotKubernetes {
            server: self.server.to_string(),
            path: call.path.clone(),
        })?;
        let response = time
            .limit(&self.server, self.client.send(request))
            .await?
            .map_err(|error| classify(&self.server, &error));
        match &response {
            Ok(response) => {
                tracing::debug!("{call}: {} after {:?}", response.status(), started.elapsed());
            }
            Err(error) => tracing::debug!("{call}: {error} after {:?}", started.elapsed()),
        }
        let (head, body) = response?.into_parts();
        Ok(Answer {
            server: self.server.to_string(),
            path: call.path.clone(),
            status: head.status,
            headers: head.headers,
            body,
            time,
        })
    }
}

impl Answer {
    /// Returns the next piece of the body; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let frame = self.time.limit(&self.server, self.body.frame()).await?;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => return Err(RequestError::Broken { server: self.server.clone() }),
                Some(Ok(frame)) => {
                    // Trailers hold nothing.
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Returns the value of a header, if it is text.
    pub(super) fn header(&self, name: impl http::header::AsHeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the error for a body that is not what it should be.
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

impl Patience {
    /// Returns how long to wait after an answer before the request is sent again; `None` when that
    /// is no use, or has been tried often enough.
    fn after(&self, attempt: u32, answer: &Answer) -> Option<Duration> {
        let busy =
            answer.status == StatusCode::TOO_MANY_REQUESTS || answer.status.is_server_error();
        // No server learns to do what it has not implemented.
        if !busy || answer.status == StatusCode::NOT_IMPLEMENTED {
            return None;
        }
        let asked = answer.header(RETRY_AFTER).and_then(|seconds| seconds.trim().parse().ok());
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

/// The time that one attempt may take, its body included.
#[derive(Clone, Copy, Debug)]
struct Time {
    limit: Option<Duration>,
    end: Option<Instant>,
}

impl Time {
    async fn limit<F: Future>(&self, server: &str, future: F) -> Result<F::Output, RequestError> {
        let (Some(limit), Some(end)) = (self.limit, self.end) else { return Ok(future.await) };
        tokio::time::timeout_at(end, future)
            .await
            .map_err(|_| RequestError::TimedOut { server: server.to_owned(), after: limit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let patience = Patience {
            attempts: 6,
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(1),
        };
        let waits: Vec<Option<u128>> = (1..=6)
            .map(|attempt| patience.backed_off(attempt).map(|wait| wait.as_millis()))
            .collect();
        assert_eq!(waits, [Some(200), Some(400), Some(800), Some(1000), Some(1000), None]);
    }
}
