//! One request to the API server: with a time limit, and again when the server is only busy.

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
    /// How many bytes the body may still have.
    room: usize,
}

/// How often one thing was asked for, and until when it is worth asking: a request with all its
/// repetitions takes no longer than one answer may.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    attempt: u32,
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

/// Who asks, for the server's audit log: `rolecall/0.1.0 (linux/x86_64)`.
static AGENT: LazyLock<HeaderValue> = LazyLock::new(|| {
    let (version, os, arch) = (env!("CARGO_PKG_VERSION"), consts::OS, consts::ARCH);
    HeaderValue::try_from(format!("rolecall/{version} ({os}/{arch})"))
        .unwrap_or(HeaderValue::from_static("rolecall"))
});

/// Errors are sentences; more of a body than this is not read for them.
const SMALL_BODY: usize = 1 << 20;

/// The longest answer that is read: several times a page of 500 large objects.
const LONGEST_BODY: usize = 256 << 20;

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
    /// Begins to ask for something.
    pub(super) fn effort(&self) -> Effort {
        let end = self.timeout.map(|timeout| Instant::now() + timeout);
        Effort { attempt: 1, time: Time { limit: self.timeout, end } }
    }

    /// Sends a request until the server answers it for good: with what was asked, or with a refusal.
    pub(super) async fn send(
        &self,
        call: &Call,
        effort: &mut Effort,
    ) -> Result<Answer, RequestError> {
        loop {
            let outcome = self.attempt(call, effort.time).await;
            let wait = match &outcome {
                Ok(answer) if answer.status.is_success() => return outcome,
                Ok(answer) => self.patience.after(effort.attempt, answer),
                Err(RequestError::Broken { .. }) => self.patience.backed_off(effort.attempt),
                Err(_) => None,
            };
            let wait = wait.map(|wait| self.spread(wait)).filter(|wait| effort.time.allows(*wait));
            let Some(wait) = wait else {
                return match outcome {
                    Ok(answer) => Err(answer.into_refusal().await),
                    Err(error) => Err(error),
                };
            };
            tracing::info!("{call}: trying again in {wait:?}");
            tokio::time::sleep(wait).await;
            effort.attempt += 1;
        }
    }

    /// Sends a request and reads the whole of its answer.
    pub(super) async fn fetch(&self, call: &Call) -> Result<Bytes, RequestError> {
        let mut effort = self.effort();
        loop {
            match self.send(call, &mut effort).await?.collect(usize::MAX).await {
                Err(RequestError::Broken { .. }) if effort.repeats(&self.patience) => {}
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, call: &Call, time: Time) -> Result<Answer, RequestError> {
        let started = Instant::now();
        let mut request = call.request().map_err(|_| RequestError::NotKubernetes {
            server: self.server.to_string(),
            path: call.path.clone(),
        })?;
        if !self.compresses {
            // Compressed answers are read even though none were asked for.
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        let response = match time.limit(&self.server, self.client.send(request)).await {
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
        Ok(Answer {
            server: self.server.to_string(),
            path: call.path.clone(),
            status: head.status,
            headers: head.headers,
            body,
            time,
            room: LONGEST_BODY,
        })
    }

    /// Notes whether the server has answered anything so far.
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

impl Effort {
    /// Returns whether what broke off may be asked for again, and counts that.
    pub(super) fn repeats(&mut self, patience: &Patience) -> bool {
        let may = self.attempt < patience.attempts && self.time.allows(Duration::ZERO);
        self.attempt += u32::from(may);
        may
    }
}

impl Answer {
    /// Returns the next piece of the body; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, RequestError> {
        loop {
            let frame = self.time.limit(&self.server, self.body.frame()).await?;
            match frame {
                None => return Ok(None),
                Some(Err(_)) => {
                    let server = self.server.clone();
                    return Err(RequestError::Broken { server, ever_answered: true });
                }
                Some(Ok(frame)) => {
                    // Trailers hold nothing.
                    let Ok(data) = frame.into_data() else { continue };
                    let room = self.room.checked_sub(data.len());
                    self.room = room.ok_or_else(|| self.too_large())?;
                    return Ok(Some(data));
                }
            }
        }
    }

    /// Allows a body of any length: for what is taken apart as it arrives, or streams on purpose.
    #[must_use]
    pub(super) fn of_any_length(mut self) -> Self {
        self.room = usize::MAX;
        self
    }

    /// Returns the error for an answer that is longer than any honest one.
    pub(super) fn too_large(&self) -> RequestError {
        RequestError::TooLarge { server: self.server.clone(), path: self.path.clone() }
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

/// The time that one answer may take, its body and all attempts included.
#[derive(Clone, Copy, Debug)]
struct Time {
    limit: Option<Duration>,
    end: Option<Instant>,
}

impl Time {
    /// Returns whether there is time left after a wait.
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
