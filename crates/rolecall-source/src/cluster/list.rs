//! A whole collection, page by page, each object handed on as soon as it is there.

use std::collections::HashSet;
use std::hash::BuildHasher;
use std::time::Duration;

use rustc_hash::FxBuildHasher;
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::Cluster;
use super::error::RequestError;
use super::request::{Call, Effort};
use super::split::{NotAList, Splitter};

/// Takes the objects of a list.
///
/// What a page brought counts once the page is complete: connections break, and lists that take too
/// long start again.
pub(super) trait Sink {
    /// Returns whether a list of that kind holds the objects that are taken.
    fn takes(&self, list_kind: &str) -> bool;
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

/// How long one list may take, all its pages and restarts included, unless there is no limit at all.
const LONGEST_LIST: Duration = Duration::from_secs(10 * 60);

/// How many pages without a single object may follow each other before a list counts as endless.
const EMPTY_PAGES: u32 = 16;

impl Cluster {
    /// Lists a collection: what was there at one time, however many pages it took.
    pub(super) async fn list(
        &self,
        path: &str,
        accept: &'static str,
        sink: &mut impl Sink,
    ) -> Result<(), RequestError> {
        let end = self.timeout.map(|timeout| Instant::now() + timeout.max(LONGEST_LIST));
        let mut restarts = 0;
        let mut token = None;
        let mut course = Course::default();
        loop {
            let paged = restarts <= RESTARTS;
            let call = Call::get(page_path(path, paged, token.as_deref())).accept(accept);
            match self.page(&call, paged, sink).await {
                Ok(Page { next: None, .. }) => return Ok(()),
                Ok(page) => {
                    let is_over = end.is_some_and(|end| Instant::now() >= end);
                    if !paged || is_over || !course.goes_on(&page) {
                        return Err(self.endless(path));
                    }
                    token = page.next;
                }
                Err(RequestError::Refused(refusal)) if refusal.is_gone() && paged => {
                    restarts += 1;
                    token = None;
                    course = Course::default();
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

    /// Fetches one page, again when the connection breaks.
    async fn page(
        &self,
        call: &Call,
        paged: bool,
        sink: &mut impl Sink,
    ) -> Result<Page, RequestError> {
        let mut effort = self.effort();
        loop {
            let outcome = self.page_once(call, paged, &mut effort, sink).await;
            if outcome.is_ok() {
                sink.keep_page();
                return outcome;
            }
            sink.forget_page();
            match outcome {
                Err(RequestError::Broken { .. }) if effort.repeats(&self.patience) => {
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
        effort: &mut Effort,
        sink: &mut impl Sink,
    ) -> Result<Page, RequestError> {
        let mut answer = self.send(call, effort).await?;
        if !paged {
            answer = answer.of_any_length();
        }
        let mut splitter = Splitter::default();
        let mut first = None;
        while let Some(chunk) = answer.chunk().await? {
            let mut take = |item: &[u8]| {
                first.get_or_insert_with(|| FxBuildHasher.hash_one(item));
                sink.object(item);
            };
            if splitter.push(&chunk, &mut take).is_err() {
                return Err(answer.not_kubernetes());
            }
            if splitter.held() > LONGEST_ITEM {
                return Err(answer.too_large());
            }
        }
        let envelope = splitter.finish().and_then(|text| Envelope::parse(&text));
        let envelope = envelope.map_err(|NotAList| answer.not_kubernetes())?;
        if !sink.takes(&envelope.kind) {
            return Err(answer.not_kubernetes());
        }
        let next = Some(envelope.metadata.next).filter(|token| !token.is_empty());
        Ok(Page { first, next })
    }
}

/// The longest object that is read; etcd keeps none that is a tenth as long.
const LONGEST_ITEM: usize = 32 << 20;

/// One page of a list.
struct Page {
    /// A hash of its first object; `None` when it has no objects.
    first: Option<u64>,
    /// The token of the next page; `None` when this is the last.
    next: Option<String>,
}

/// The pages of a list so far, by which one that never ends is found out.
#[derive(Default)]
struct Course {
    seen: HashSet<u64, FxBuildHasher>,
    empty: u32,
}

impl Course {
    /// Returns whether a page leads on: neither its token nor its first object has come before.
    fn goes_on(&mut self, page: &Page) -> bool {
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
    /// The array that the items were taken out of. Go writes `null` for an empty one; a list without
    /// any is none.
    #[serde(deserialize_with = "Option::deserialize")]
    #[expect(dead_code, reason = "only its form counts")]
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
