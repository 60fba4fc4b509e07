//! A whole collection, page by page, each object handed on as soon as it is there.

use serde::Deserialize;

use super::Cluster;
use super::error::RequestError;
use super::request::Call;
use super::split::{NotAList, Splitter};

/// Takes the objects of a list.
///
/// What a page brought counts once the page is complete: connections break, and lists that take too
/// long start again.
pub(super) trait Sink {
    /// Takes one object's JSON.
    fn object(&mut self, json: &[u8]);
    /// Keeps what has come since the last page was kept.
    fn keep_page(&mut self);
    /// Forgets what has come since the last page was kept.
    fn forget_page(&mut self);
    /// Forgets everything.
    fn forget_all(&mut self);
}

/// How many objects a page holds, as kubectl asks for.
const PAGE: u32 = 500;

/// How often a list starts again in pages because it took too long; after that it is asked for whole.
const RESTARTS: u32 = 2;

impl Cluster {
    /// Lists a collection: what was there at one time, however many pages it took.
    pub(super) async fn list(
        &self,
        path: &str,
        accept: &'static str,
        sink: &mut impl Sink,
    ) -> Result<(), RequestError> {
        let mut restarts = 0;
        let mut token = None;
        loop {
            let paged = restarts <= RESTARTS;
            let call = Call::get(page_path(path, paged, token.as_deref())).accept(accept);
            match self.page(&call, sink).await {
                Ok(None) => return Ok(()),
                Ok(next) => token = next,
                Err(RequestError::Refused(refusal)) if refusal.is_gone() && paged => {
                    restarts += 1;
                    token = None;
                    sink.forget_all();
                    tracing::info!("{path}: {refusal}; starting the list again");
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Fetches one page, again when the connection breaks; returns the token of the next one.
    async fn page(
        &self,
        call: &Call,
        sink: &mut impl Sink,
    ) -> Result<Option<String>, RequestError> {
        let mut attempt = 1;
        loop {
            let outcome = self.page_once(call, sink).await;
            if outcome.is_ok() {
                sink.keep_page();
                return outcome;
            }
            sink.forget_page();
            match outcome {
                Err(RequestError::Broken { .. }) if attempt < self.patience.attempts => {
                    tracing::info!("{call}: the connection broke; fetching the page again");
                    attempt += 1;
                }
                _ => return outcome,
            }
        }
    }

    async fn page_once(
        &self,
        call: &Call,
        sink: &mut impl Sink,
    ) -> Result<Option<String>, RequestError> {
        let mut answer = self.send(call).await?;
        let mut splitter = Splitter::default();
        while let Some(chunk) = answer.chunk().await? {
            if splitter.push(&chunk, &mut |item| sink.object(item)).is_err() {
                return Err(answer.not_kubernetes());
            }
        }
        let envelope = splitter.finish().and_then(|text| Envelope::parse(&text));
        let envelope = envelope.map_err(|NotAList| answer.not_kubernetes())?;
        Ok(Some(envelope.metadata.next).filter(|token| !token.is_empty()))
    }
}

fn page_path(path: &str, paged: bool, token: Option<&str>) -> String {
    match (paged, token) {
        (false, _) => path.to_owned(),
        (true, None) => format!("{path}?limit={PAGE}"),
        (true, Some(token)) => format!("{path}?limit={PAGE}&continue={}", encode(token)),
    }
}

/// Writes a text so that it can stand in a path or query.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What stands around the items.
#[derive(Deserialize)]
struct Envelope {
    kind: String,
    #[serde(default)]
    metadata: EnvelopeMetadata,
}

#[derive(Default, Deserialize)]
struct EnvelopeMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Envelope {
    fn parse(text: &[u8]) -> Result<Self, NotAList> {
        let envelope: Self = serde_json::from_slice(text).map_err(|_| NotAList)?;
        if envelope.kind.ends_with("List") { Ok(envelope) } else { Err(NotAList) }
    }
}
