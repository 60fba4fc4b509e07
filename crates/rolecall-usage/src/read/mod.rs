//! Reads audit events out of the formats in which they are stored.
//!
//! ```text
//! line or JSON value -> event | list | string of JSON | base64 | entry of GKE | row of AKS | summary
//!                         |                                          |              |
//!                         +-----------------> facts <----------------+--------------+
//! ```

mod aks;
mod format;
mod gke;
mod json;
mod table;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

pub use self::format::{Format, Layout};
use crate::counts::Counts;
use crate::coverage::Source;
use crate::event::{Event, unquoted};
use crate::facts::{Decided, Facts, Stage};
use crate::summary;
use crate::tally::{Limits, Tally};
use crate::uses::for_each_use;

/// The depth to which envelopes are opened.
const DEPTH: u8 = 24;
/// The most that a compressed record can expand to: records of CloudWatch have up to 10 MiB.
const MOST: u64 = 256 << 20;

/// Reads logs into a tally.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    tally: Tally,
    format: Option<Format>,
}

/// The facts in an envelope about the records in it.
#[derive(Clone, Copy, Debug)]
struct Context {
    source: Option<Source>,
    depth: u8,
}

impl Reader {
    /// Creates a reader that detects the format of each record, unless one is forced.
    pub fn new(limits: Limits, format: Option<Format>) -> Self {
        Self { tally: Tally::new(limits), format }
    }

    /// Returns the result.
    pub fn finish(mut self) -> Tally {
        self.tally.coverage_mut().settle();
        self.tally
    }

    /// Reads complete lines.
    pub fn lines(&mut self, block: &[u8]) {
        // Text that is valid as a whole need not be checked string by string.
        let valid = std::str::from_utf8(block).ok();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', block).chain([block.len()]) {
            let line = start..end;
            match valid.and_then(|text| text.get(line.clone())) {
                Some(text) => self.text_line(text),
                None => self.line(block.get(line).unwrap_or_default()),
            }
            start = end + 1;
        }
    }

    /// Reads the end of a text without a line feed: it is a whole record, or one that is still written.
    pub fn last_line(&mut self, line: &[u8]) {
        let before = self.tally.coverage().unreadable;
        self.line(line);
        let coverage = self.tally.coverage_mut();
        if coverage.unreadable > before {
            coverage.unreadable = before;
            coverage.truncated += 1;
        }
    }

    /// Records that a text could not be read to its end.
    pub fn ends_early(&mut self) {
        self.tally.coverage_mut().truncated += 1;
    }

    fn line(&mut self, line: &[u8]) {
        self.text_line(&String::from_utf8_lossy(line));
    }

    fn text_line(&mut self, line: &str) {
        let line = line.trim_ascii();
        if line.starts_with('{')
            && let Ok(event) = serde_json::from_str::<Event<'_>>(line)
            && event.is_audit()
        {
            self.event(event, None);
            return;
        }
        self.value(line, Context { source: None, depth: 0 });
    }

    /// Reads JSON over several lines; the elements of lists are read one by one. Returns the reason if the
    /// text is not JSON up to its end.
    pub fn json(&mut self, text: impl Read) -> Result<(), String> {
        let mut sink = |record: &str| self.value(record, Context { source: None, depth: 0 });
        json::for_each_record(text, &mut sink).map_err(|error| error.to_string())
    }

    /// Reads comma-separated values. Returns the reason if they end early.
    pub fn csv(&mut self, text: impl Read) -> Result<(), String> {
        table::read_csv(self, text).map_err(|error| error.to_string())
    }

    /// Reads one text that can be JSON, contain JSON behind a prefix, or be encoded.
    fn value(&mut self, text: &str, context: Context) {
        let text = text.trim().trim_start_matches('\u{feff}');
        let Some(context) = context.deeper() else { return self.unreadable() };
        match text.as_bytes().first() {
            None => {}
            Some(b'{') => self.objects(text, context),
            Some(b'[') => match serde_json::from_str::<Vec<&RawValue>>(text) {
                Ok(values) => values.into_iter().for_each(|value| self.value(value.get(), context)),
                Err(_) => self.unreadable(),
            },
            Some(b'"') => match serde_json::from_str::<String>(text) {
                Ok(inner) => self.value(&inner, context),
                Err(_) => self.unreadable(),
            },
            Some(_) => match (decoded(text), text.find('{')) {
                (Some(inner), _) => self.value(&inner, context),
                (None, Some(at)) => {
                    let (prefix, rest) = text.split_at(at);
                    let source = context.source.or_else(|| source_of_prefix(prefix));
                    self.value(rest, Context { source, ..context });
                }
                (None, None) => self.unreadable(),
            },
        }
    }

    /// Reads objects that follow one another without a separator.
    fn objects(&mut self, text: &str, context: Context) {
        for object in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
            match object {
                Ok(object) => self.object(object.get(), context),
                Err(_) => return self.unreadable(),
            }
        }
    }

    fn object(&mut self, text: &str, context: Context) {
        if !text.starts_with('{') {
            return self.unreadable();
        }
        if let Ok(event) = serde_json::from_str::<Event<'_>>(text)
            && event.is_audit()
        {
            return self.event(event, context.source);
        }
        let Ok(fields) = serde_json::from_str::<Fields<'_>>(text) else { return self.unreadable() };
        let kind = string(&fields, "kind");
        if &*kind == summary::USE || &*kind == summary::COVERAGE {
            if summary::read_row(&mut self.tally, text).is_none() {
                self.unreadable();
            }
            return;
        }
        if fields.contains_key(summary::EVENTS_COLUMN) {
            return self.counted_events(&fields);
        }
        let payload = ["protoPayload", "protopayload_auditlog"];
        if let Some(payload) = payload.iter().find_map(|key| fields.get(*key)) {
            return self.gke_entry(&fields, payload.get());
        }
        if aks::is_row(&fields) {
            return self.aks_row(&fields, context);
        }
        if let Some(tables) = fields.get("tables") {
            return self.log_analytics(tables.get(), context);
        }
        self.envelope(&fields, context);
    }

    /// Reads a row of a query's result, in which numbers and dates can be strings.
    fn counted_events(&mut self, fields: &Fields<'_>) {
        let text = |raw: &&RawValue| match raw.get() {
            "null" => String::new(),
            text if text.starts_with('"') => serde_json::from_str(text).unwrap_or_default(),
            text => text.to_owned(),
        };
        let cells: Vec<(&str, String)> =
            fields.iter().map(|(name, value)| (name.as_str(), text(value))).collect();
        let cells = cells.iter().map(|(name, cell)| (*name, cell.as_str())).collect();
        if summary::read_cells(&mut self.tally, &cells).is_none() {
            self.unreadable();
        }
    }

    /// Opens whatever contains records: a list, a string of JSON, or a further object.
    fn envelope(&mut self, fields: &Fields<'_>, context: Context) {
        let category = string(fields, "category");
        let category = if category.is_empty() { string(fields, "Category") } else { category };
        let source = match aks::source_of_category(&category) {
            Some(source) => Some(source),
            // Other components write to the same destination.
            None if !category.is_empty() && fields.contains_key("properties") => {
                self.tally.coverage_mut().other += 1;
                return;
            }
            None if is_of_eks(fields) => Some(Source::Eks),
            None => context.source,
        };
        let context = Context { source, ..context };
        let mut is_opened = false;
        for value in fields.values().map(|value| value.get()) {
            if may_contain_records(value) {
                is_opened = true;
                self.value(value, context);
            }
        }
        // The columns of a row that are not the event.
        let is_cell = fields.contains_key("field") && fields.contains_key("value");
        if !is_opened && !is_cell {
            self.tally.coverage_mut().other += 1;
        }
    }

    fn unreadable(&mut self) {
        self.tally.coverage_mut().unreadable += 1;
    }

    fn event(&mut self, event: Event<'_>, source: Option<Source>) {
        let forced = self.format.and_then(Format::source);
        let source = match (source, forced) {
            (Some(source), _) => source,
            (None, Some(source)) => source,
            (None, None) => Source::Native,
        };
        let level = event.level.clone();
        let facts = Facts::of_event(event);
        self.facts(&facts, source, &level);
    }

    /// Counts the requests of an event.
    fn facts(&mut self, facts: &Facts<'_>, source: Source, level: &str) {
        if self.format.is_some_and(|format| !format.includes(source)) {
            return self.unreadable();
        }
        let coverage = self.tally.coverage_mut();
        coverage.events_at(1, source, level, facts.time);
        coverage.decided += u64::from(facts.decision != Decided::Unstated);
        if facts.stage == Stage::Received {
            coverage.received += 1;
            return;
        }
        let counts = Counts::of(facts.stage, facts.time);
        for_each_use(facts, |shape| self.tally.count(shape, &counts));
    }
}

/// The fields of an object, as JSON.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

impl Context {
    fn deeper(self) -> Option<Self> {
        (self.depth < DEPTH).then_some(Self { depth: self.depth + 1, ..self })
    }
}

/// Returns a field that is a string.
fn string<'a>(fields: &Fields<'a>, name: &str) -> Cow<'a, str> {
    unquoted(fields.get(name).copied())
}

/// Returns whether a JSON value can contain records of audit logs.
fn may_contain_records(value: &str) -> bool {
    let has = |text: &str| memchr::memmem::find(value.as_bytes(), text.as_bytes()).is_some();
    // Versions and kinds are strings without JSON in them.
    if value.starts_with('"') && !value.contains('{') {
        return value.starts_with("\"H4sI") || value.starts_with("\"eyJ");
    }
    has("audit.k8s.io/") || has("protoPayload") || has("\"AuditId\"") || has("\"H4sI")
}

/// Returns whether an envelope is one of CloudWatch Logs for a cluster.
fn is_of_eks(fields: &Fields<'_>) -> bool {
    let names = ["logGroup", "logStream", "logStreamName", "@logStream", "@log"];
    names.iter().any(|name| {
        let name = string(fields, name);
        name.contains("kube-apiserver-audit") || name.contains("/aws/eks/")
    })
}

/// Exports to S3 write a time before each event, and `oc` the name of the node.
fn source_of_prefix(prefix: &str) -> Option<Source> {
    let prefix = prefix.trim();
    let is_time = prefix.get(..5).is_some_and(|year| {
        year.bytes().take(4).all(|byte| byte.is_ascii_digit()) && year.ends_with('-')
    });
    let is_word = !prefix.is_empty() && !prefix.contains(char::is_whitespace);
    match (is_time, is_word) {
        (true, _) => Some(Source::Eks),
        (false, true) => Some(Source::OpenShift),
        (false, false) => None,
    }
}

/// Decodes base64 of JSON, compressed or not.
fn decoded(text: &str) -> Option<String> {
    if !text.starts_with("H4sI") && !text.starts_with("eyJ") {
        return None;
    }
    let bytes = STANDARD.decode(text.trim_end()).ok()?;
    if !bytes.starts_with(b"\x1f\x8b") {
        return String::from_utf8(bytes).ok();
    }
    let mut inner = String::new();
    let unpacked = flate2::read::MultiGzDecoder::new(&*bytes).take(MOST);
    let mut unpacked = unpacked;
    unpacked.read_to_string(&mut inner).ok()?;
    Some(inner)
}
