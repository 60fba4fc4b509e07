//! Reads JSON of any size (lists, streams of values and JSON Lines) in blocks, and decodes it on
//! all cores.
//!
//! ```text
//! bytes -> [ source ] -> [ boundary ] guesses where items start -> segments
//!            ^                                                        |  |  |
//!            +------ incomplete items and next block <------- [ segment ] decode, in parallel
//! ```
//!
//! Only a few blocks are in memory at a time. A segment is valid if the previous one ends exactly
//! at its start; otherwise it is decoded again together with the incomplete item before it. So a
//! wrong guess only costs time, and errors are reported at the right position.

mod boundary;
mod document;
mod head;
mod members;
pub(crate) mod scanner;
mod segment;
mod source;
mod splitter;
mod write;

use std::io::{self, Read};

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use self::boundary::Boundary;
pub use self::head::ListHead;
use self::head::{Field, Head, Length};
pub use self::members::Members;
use self::segment::{Between, End, decode};
use self::source::{Segment, Source};
pub use self::splitter::{NotAList, Splitter};
pub use self::write::{copy, write, write_pretty};
use crate::{ParseError, Position};

/// The number of segments that are read while as many are decoded.
const SEGMENTS: usize = 8;

/// The encoding of the byte order mark, which some editors write before a text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Returns whether bytes start like JSON rather than YAML in flow style.
pub fn looks_like(bytes: &[u8]) -> bool {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes).trim_ascii_start();
    match bytes {
        [b'{', rest @ ..] => matches!(rest.trim_ascii_start(), [b'"' | b'}', ..]),
        [b'[', rest @ ..] => {
            matches!(rest.trim_ascii_start(), [b'{', inner @ ..] if looks_like_inside(inner))
        }
        _ => false,
    }
}

fn looks_like_inside(object: &[u8]) -> bool {
    matches!(object.trim_ascii_start(), [b'"' | b'}', ..])
}

/// Decodes a JSON input of which `head` has already been read.
pub fn read(
    reader: &mut (dyn Read + Send),
    head: Vec<u8>,
    decoder: &mut impl ItemDecoder,
) -> io::Result<()> {
    let mut reading = Reading { source: Source::new(reader, head), decoder };
    while reading.source.pending().len() < BYTE_ORDER_MARK.len() && reading.source.more()? {}
    if reading.source.pending().starts_with(BYTE_ORDER_MARK) {
        reading.source.consume(BYTE_ORDER_MARK.len());
    }
    reading.values()
}

/// Decodes the objects of a JSON input into a type that the caller defines.
pub trait ItemDecoder: Sized {
    /// The decoded objects, in order.
    type Batch: Default + Send;
    /// The properties that the surrounding list gives an item.
    type List: Sync;
    /// A pool of decoders for other threads.
    type Siblings: Sync;

    /// Decodes one object from the start of a text at `position`, and returns its length.
    fn item(
        &mut self,
        text: &str,
        list: Option<&Self::List>,
        position: Position,
    ) -> Result<usize, serde_json::Error>;

    /// Records a position at which the input is not JSON.
    fn broken(&mut self, error: &ParseError);

    /// Starts the items of a list. `list` contains the fields before the items.
    fn enter_list(&mut self, list: &ListHead) -> Self::List;

    /// Ends the items of a list.
    fn leave_list(&mut self, _list: Self::List) {}

    /// Receives the fields of a complete list.
    fn finish_list(&mut self, _list: &ListHead) {}

    /// Returns a pool of empty decoders with the settings of this one.
    fn siblings(&self) -> Self::Siblings;

    /// Runs `work` with a decoder from a pool, and returns the batch that it decoded.
    fn with<T>(siblings: &Self::Siblings, work: impl FnOnce(&mut Self) -> T) -> (Self::Batch, T);

    /// Replaces the current batch and returns it.
    fn replace(&mut self, batch: Self::Batch) -> Self::Batch;

    /// Appends the batch of another decoder.
    fn append(&mut self, batch: Self::Batch);
}

/// The kind that an object declares.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct KindOnly {
    api_version: Option<String>,
    kind: Option<String>,
}

struct Reading<'r, 'd, D> {
    source: Source<'r>,
    decoder: &'d mut D,
}

/// Whether reading can continue.
#[derive(PartialEq)]
enum Flow {
    GoOn,
    GiveUp,
}

impl<D: ItemDecoder> Reading<'_, '_, D> {
    /// Reads top-level values until the end of the input.
    fn values(&mut self) -> io::Result<()> {
        while self.next_is_there()? {
            let flow = match self.source.pending() {
                [b'{', ..] => match self.head()? {
                    Some(list) => self.list(list)?,
                    None => self.items(Between::Nothing, None)?,
                },
                [b'[', inside @ ..] if looks_like(inside) => {
                    self.source.consume(1);
                    let flow = self.items(Between::Commas, None)?;
                    if flow == Flow::GoOn {
                        self.source.consume(1);
                    }
                    flow
                }
                _ => self.items(Between::Nothing, None)?,
            };
            if flow == Flow::GiveUp {
                break;
            }
        }
        Ok(())
    }

    /// Skips white space; false at the end of the input.
    fn next_is_there(&mut self) -> io::Result<bool> {
        loop {
            let pending = self.source.pending();
            let space = pending.len() - pending.trim_ascii_start().len();
            self.source.consume(space);
            if !self.source.pending().is_empty() {
                return Ok(true);
            }
            if !self.source.more()? {
                return Ok(false);
            }
        }
    }

    /// Returns the head of the next value if it is a list.
    fn head(&mut self) -> io::Result<Option<ListHead>> {
        loop {
            match head::head(self.source.pending()) {
                Head::List(list) => return Ok(Some(list)),
                Head::Object => return Ok(None),
                Head::Short if self.source.more()? => {}
                Head::Short => return Ok(None),
            }
        }
    }

    /// Reads a list from its opening to its closing brace.
    fn list(&mut self, mut list: ListHead) -> io::Result<Flow> {
        self.source.consume(list.bracket + 1);
        if list.kind.is_none() {
            self.look_for_kind(&mut list)?;
        }
        let entered = self.decoder.enter_list(&list);
        let flow = self.items(Between::Commas, Some(&entered))?;
        self.decoder.leave_list(entered);
        if flow == Flow::GiveUp {
            return Ok(flow);
        }
        self.source.consume(1);
        self.trailer(list)
    }

    /// Finds the kind of a list that comes after its items, for items without a kind.
    fn look_for_kind(&mut self, list: &mut ListHead) -> io::Result<()> {
        if !self.next_is_there()? {
            return Ok(());
        }
        let first_says = loop {
            let pending = self.source.pending();
            match head::length(pending) {
                Length::Found(length) => {
                    let item = pending.get(..length).unwrap_or_default();
                    let item: Result<KindOnly, _> = serde_json::from_slice(item);
                    break item.map_or(true, |item| item.kind.is_some());
                }
                Length::Short if self.source.more()? => {}
                _ => break true,
            }
        };
        if first_says {
            return Ok(());
        }
        self.source.rest()?;
        let whole = [b"{\"items\":[", self.source.pending()].concat();
        let mut values = serde_json::Deserializer::from_slice(&whole).into_iter::<KindOnly>();
        if let Some(Ok(found)) = values.next() {
            list.kind = found.kind;
            list.api_version = list.api_version.take().or(found.api_version);
        }
        Ok(())
    }

    /// Reads the fields after the items of a list.
    fn trailer(&mut self, mut list: ListHead) -> io::Result<Flow> {
        loop {
            if !self.next_is_there()? {
                return Ok(self.broken("expected `,` or `}`, found the end of the file"));
            }
            match self.source.pending() {
                [b'}', ..] => {
                    self.source.consume(1);
                    self.decoder.finish_list(&list);
                    return Ok(Flow::GoOn);
                }
                [b',', ..] => self.source.consume(1),
                _ => return Ok(self.broken("expected `,` or `}`")),
            }
            if !self.next_is_there()? {
                return Ok(self.broken("expected a key, found the end of the file"));
            }
            let pending = self.source.pending();
            let (offset, length, metadata) = match head::field(pending) {
                Field::Found(b"items", value @ [b'[', ..]) => {
                    list.bracket = pending.len() - value.len();
                    return self.list(list);
                }
                Field::Found(key, value) => {
                    let offset = pending.len() - value.len();
                    (offset, head::length(value), key == b"metadata")
                }
                Field::Short => (0, Length::Short, false),
                Field::None => return Ok(self.broken("expected a key and its value")),
            };
            match length {
                Length::Found(length) => {
                    if metadata {
                        let value = pending.get(offset..offset + length).unwrap_or_default();
                        list.metadata = Some(value.to_vec());
                    }
                    self.source.consume(offset + length);
                }
                // Put the comma back and retry with more bytes.
                Length::Short if self.more_before(b",")? => {}
                _ => return Ok(self.broken("expected a value")),
            }
        }
    }

    /// Puts `bytes` back and reads more; false at the end of the input.
    fn more_before(&mut self, bytes: &[u8]) -> io::Result<bool> {
        let position = self.source.position();
        self.source.put_back(vec![Segment { bytes: bytes.to_vec(), position }], 0);
        self.source.more()
    }

    /// Records malformed JSON after which reading cannot continue.
    fn broken(&mut self, what: &str) -> Flow {
        let error = ParseError { position: self.source.position(), what: what.to_owned() };
        self.decoder.broken(&error);
        Flow::GiveUp
    }

    /// Decodes items up to the closing bracket or the end of the input.
    fn items(&mut self, between: Between, list: Option<&D::List>) -> io::Result<Flow> {
        let boundary = self.learn()?;
        let siblings = self.decoder.siblings();
        let mut cut_off: Option<CutOff> = None;
        let mut current = fill(&mut self.source, boundary.as_ref())?;
        while !current.is_empty() {
            let Round { next, decoded } =
                self.decode_all(&current, &siblings, boundary.as_ref(), |decoder, segment| {
                    decode(decoder, segment, 0, between, list)
                })?;
            let mut rest = current.into_iter().zip(decoded);
            while let Some((mut segment, (batch, mut end))) = rest.next() {
                match cut_off.take() {
                    Some(cut) => {
                        segment = cut.joined(segment);
                        end = decode(self.decoder, &segment, 0, between, list);
                    }
                    None => self.decoder.append(batch),
                }
                while let End::Broken(at, error) = &end {
                    self.decoder.broken(error);
                    let Some(boundary) = &boundary else { return Ok(Flow::GiveUp) };
                    end = match boundary.next(&segment.bytes, *at) {
                        Some(start) => decode(self.decoder, &segment, start, between, list),
                        None => End::Complete,
                    };
                }
                match end {
                    End::Within(at, error) => cut_off = Some(CutOff { segment, at, error }),
                    End::Stopped(at) => {
                        let rest = rest.map(|(segment, _)| segment);
                        let segments = [segment].into_iter().chain(rest).chain(next).collect();
                        self.source.put_back(segments, at);
                        return Ok(Flow::GoOn);
                    }
                    _ => self.source.recycle(segment.bytes),
                }
            }
            current = next;
        }
        Ok(match (cut_off, between) {
            (Some(cut), _) => {
                self.decoder.broken(&cut.error);
                Flow::GiveUp
            }
            (None, Between::Commas) => self.broken("expected `]`, found the end of the file"),
            (None, Between::Nothing) => Flow::GoOn,
        })
    }

    /// Decodes segments on all cores while the next ones are read.
    fn decode_all(
        &mut self,
        current: &[Segment],
        siblings: &D::Siblings,
        boundary: Option<&Boundary>,
        decode: impl Fn(&mut D, &Segment) -> End + Sync,
    ) -> io::Result<Round<D::Batch>> {
        let source = &mut self.source;
        if let [only] = current {
            // A single small segment is too small to parallelize. The batch so far is taken out and
            // put back first, so that the order is kept.
            let before = self.decoder.replace(D::Batch::default());
            let end = decode(self.decoder, only);
            let batch = self.decoder.replace(before);
            return Ok(Round { next: fill(source, boundary)?, decoded: vec![(batch, end)] });
        }
        let (next, decoded) = rayon::join(
            || fill(source, boundary),
            || {
                current
                    .par_iter()
                    .map(|segment| D::with(siblings, |decoder| decode(decoder, segment)))
                    .collect()
            },
        );
        Ok(Round { next: next?, decoded })
    }

    /// Learns the separator of the items from the first one.
    fn learn(&mut self) -> io::Result<Option<Boundary>> {
        if !self.next_is_there()? {
            return Ok(None);
        }
        loop {
            match head::length(self.source.pending()) {
                Length::Found(length) => {
                    if self.source.pending().len() < length + self.source.block() {
                        self.source.more()?;
                    }
                    return Ok(Boundary::learn(self.source.pending(), 0, length));
                }
                Length::Short if self.source.more()? => {}
                _ => return Ok(None),
            }
        }
    }
}

/// Reads the next segments.
fn fill(source: &mut Source<'_>, boundary: Option<&Boundary>) -> io::Result<Vec<Segment>> {
    let mut segments = Vec::new();
    while segments.len() < SEGMENTS {
        let more = source.pending().len() >= source.block() || source.more()?;
        if source.pending().is_empty() {
            break;
        }
        let cut = boundary.and_then(|boundary| boundary.last(source.pending()));
        match cut.filter(|cut| *cut > 0) {
            Some(cut) => segments.push(source.take(Some(cut))),
            // The bytes contain no end of an item, so read more of a long one.
            None if boundary.is_some() && more && source.more()? => {}
            None => segments.push(source.take(None)),
        }
    }
    Ok(segments)
}

/// The results of decoding one set of segments while the next one was read.
struct Round<B> {
    next: Vec<Segment>,
    decoded: Vec<(B, End)>,
}

/// A segment whose last item is incomplete.
struct CutOff {
    segment: Segment,
    at: usize,
    error: ParseError,
}

impl CutOff {
    /// Joins the two parts of an item.
    fn joined(self, next: Segment) -> Segment {
        let (used, rest) = self.segment.bytes.split_at(self.at.min(self.segment.bytes.len()));
        Segment {
            position: source::after(self.segment.position, used),
            bytes: [rest, &next.bytes].concat(),
        }
    }
}

#[cfg(test)]
mod tests;
