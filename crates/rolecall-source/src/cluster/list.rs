//! Reads a list page by page and passes on each object as it arrives.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::time::Duration;

use rolecall_yaml::json::{NotAList, Splitter};
use rustc_hash::FxBuildHasher;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::Cluster;
use super::error::RequestError;
use super::request::{Attempts, Call};

/// Receives the objects of a list.
///
/// The objects of a page are kept once the page is complete, because connections break and slow
/// lists are restarted.
pub(super) trait Sink {
    /// Returns whether this sink accepts lists of a kind.
    fn takes(&self, list_kind: &str) -> bool;
    /// Receives the JSON of one object.
    fn object(&mut self, json: &[u8]);
    /// Keeps the objects received since the last complete page.
    fn keep_page(&mut self);
    /// Discards the objects received since the last complete page.
    fn forget_page(&mut self);
    /// Discards all objects.
    fn forget_all(&mut self);
}

/// The page size; the same as kubectl's.
const PAGE: u32 = 500;

/// The number of times that a list restarts because its `continue` token expired, before it is
/// requested without pages.
const RESTARTS: u32 = 2;

/// The time limit of one list with all its pages and restarts, unless timeouts are disabled.
const LONGEST_LIST: Duration = Duration::from_secs(10 * 60);

/// The number of consecutive empty pages after which a list counts as endless.
const EMPTY_PAGES: u32 = 16;

impl Cluster {
    /// Lists a collection as it was at one point in time, regardless of the number of pages.
    pub(super) async fn list(
        &self,
        path: &str,
        accept: &'static str,
        sink: &mut impl Sink,
    ) -> Result<(), RequestError> {
        let end = self.timeout.map(|timeout| Instant::now() + timeout.max(LONGEST_LIST));
        let mut restarts = 0;
        let mut token = None;
        let mut history = PageHistory::default();
        loop {
            let paged = restarts <= RESTARTS;
            let call = Call::get(page_path(path, paged, token.as_deref())).accept(accept);
            match self.page(&call, paged, sink).await {
                Ok(Page { next: None, .. }) => return Ok(()),
                Ok(page) => {
                    let is_over = end.is_some_and(|end| Instant::now() >= end);
                    if !paged || is_over || !history.makes_progress(&page) {
                        return Err(self.endless(path));
                    }
                    token = page.next;
                }
                Err(RequestError::Refused(refusal)) if refusal.is_gone() && paged => {
                    restarts += 1;
                    token = None;
                    history = PageHistory::default();
                    sink.forget_all();
                    tracing::info!("{path}: {refusal}; starting the list again");
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn endless(&self, path: &str) -> RequestError {
        RequestError::Endless { server: self.server.to_string(), path: path.to_owned() }
    }

    /// Fetches one page, and retries when the connection breaks.
    async fn page(
        &self,
        call: &Call,
        paged: bool,
        sink: &mut impl Sink,
    ) -> Result<Page, RequestError> {
        let mut attempts = self.attempts();
        loop {
            let outcome = self.page_once(call, paged, &mut attempts, sink).await;
            if outcome.is_ok() {
                sink.keep_page();
                return outcome;
            }
            sink.forget_page();
            match outcome {
                Err(RequestError::Broken { .. }) if attempts.allow_retry(&self.retry_policy) => {
                    tracing::info!("{call}: the connection broke; fetching the page again");
                }
                _ => return outcome,
            }
        }
    }

    async fn page_once(
        &self,
        call: &Call,
        paged: bool,
        attempts: &mut Attempts,
        sink: &mut impl Sink,
    ) -> Result<Page, RequestError> {
        let mut response = self.send(call, attempts).await?;
        if !paged {
            response = response.of_any_length();
        }
        let mut splitter = Splitter::default();
        let mut first = None;
        while let Some(chunk) = response.chunk().await? {
            let mut take = |item: &[u8]| {
                first.get_or_insert_with(|| FxBuildHasher.hash_one(item));
                sink.object(item);
            };
            if splitter.push(&chunk, &mut take).is_err() {
                return Err(response.not_kubernetes());
            }
            if splitter.held() > LONGEST_ITEM {
                return Err(response.too_large());
            }
        }
        let envelope = splitter.finish().and_then(|text| Envelope::parse(&text));
        let envelope = envelope.map_err(|NotAList| response.not_kubernetes())?;
        if !sink.takes(&envelope.kind) {
            return Err(response.not_kubernetes());
        }
        let next = Some(envelope.metadata.next).filter(|token| !token.is_empty());
        Ok(Page { first, next })
    }
}

/// The largest object that is read, more than ten times what etcd stores.
const LONGEST_ITEM: usize = 32 << 20;

/// One page of a list.
struct Page {
    /// The hash of its first object; `None` if the page is empty.
    first: Option<u64>,
    /// The token of the next page; `None` on the last page.
    next: Option<String>,
}

/// The pages of a list so far, to detect a list that never ends.
#[derive(Default)]
struct PageHistory {
    seen: HashSet<u64, FxBuildHasher>,
    empty: u32,
}

impl PageHistory {
    /// Returns whether a page makes progress: its token and its first object are both new.
    fn makes_progress(&mut self, page: &Page) -> bool {
        self.empty = if page.first.is_none() { self.empty + 1 } else { 0 };
        let token = page.next.as_deref().map(|token| FxBuildHasher.hash_one(token));
        let is_new = [token, page.first].into_iter().flatten().all(|hash| self.seen.insert(hash));
        is_new && self.empty < EMPTY_PAGES
    }
}

fn page_path(path: &str, paged: bool, token: Option<&str>) -> String {
    match (paged, token) {
        (false, _) => path.to_owned(),
        (true, None) => format!("{path}?limit={PAGE}"),
        (true, Some(token)) => format!("{path}?limit={PAGE}&continue={}", encode(token)),
    }
}

/// Percent-encodes a string for a path or query.
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

/// The list without its items.
#[derive(Deserialize)]
struct Envelope {
    kind: String,
    #[serde(default)]
    metadata: EnvelopeMetadata,
    /// The array without its items. Go writes `null` for an empty list; a list without the field is
    /// invalid.
    #[serde(deserialize_with = "Option::deserialize")]
    #[expect(dead_code, reason = "only its type is checked")]
    items: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
struct EnvelopeMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Envelope {
    fn parse(text: &[u8]) -> Result<Self, NotAList> {
        serde_json::from_slice(text).map_err(|_| NotAList)
    }
}
