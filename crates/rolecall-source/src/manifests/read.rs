//! Reads one file of any format.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, PoisonError};

use flate2::read::MultiGzDecoder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::find::Entry;
use super::prefilter::{self, Heading};
use super::text::words;
use crate::decode::{self, Batch, Decoder, Decoders};
use crate::problem::ProblemKind;
use rolecall_yaml::{self as yaml, Chunk, json};

/// The number of bytes to read before detecting the format.
const HEAD: usize = 64 * 1024;
/// The longest line of a manifest.
const LONGEST_LINE: usize = 64 << 20;
/// The largest YAML file.
const LONGEST_FILE: usize = 2 << 30;
/// The size from which the documents of one file are distributed over the cores.
const LARGE: usize = 1024 * 1024;
/// The approximate size of the pieces of a large file.
const SHARE: usize = 128 * 1024;

/// The result of reading a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The decoder has processed the content.
    Read,
    /// A Helm template.
    Template,
}

/// A reusable buffer for the beginning of a file, which holds most files completely.
pub(super) struct ReadBuffer(Vec<u8>);

impl ReadBuffer {
    pub(super) fn new() -> Self {
        Self(vec![0; HEAD])
    }

    /// Reads until the buffer is full or the input ends, and returns the bytes.
    fn fill(&mut self, reader: &mut dyn Read) -> io::Result<&[u8]> {
        let mut filled = 0;
        while let Some(buffer) = self.0.get_mut(filled..).filter(|buffer| !buffer.is_empty()) {
            match reader.read(buffer) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.0.get(..filled).unwrap_or_default())
    }
}

/// Reads a file, or stdin.
pub(super) fn read(
    entry: &Entry,
    stdin: &Mutex<Box<dyn Read + Send + '_>>,
    buffer: &mut ReadBuffer,
    decoder: &mut Decoder,
) -> Outcome {
    let result = if entry.path.as_os_str() == "-" {
        // Only one entry is stdin, so this does not block other threads.
        let mut stdin = stdin.lock().unwrap_or_else(PoisonError::into_inner);
        contents(entry, &mut **stdin, buffer, decoder)
    } else {
        File::open(&entry.path).and_then(|mut file| contents(entry, &mut file, buffer, decoder))
    };
    result.unwrap_or_else(|error| {
        decoder.unreadable(ProblemKind::UnreadableFile, &words(&error));
        Outcome::Read
    })
}

fn contents(
    entry: &Entry,
    reader: &mut (dyn Read + Send),
    buffer: &mut ReadBuffer,
    decoder: &mut Decoder,
) -> io::Result<Outcome> {
    let head = buffer.fill(reader)?;
    let is_compressed = head.starts_with(b"\x1F\x8B");
    decoder.records_lines = entry.is_found && !is_compressed;
    if is_compressed {
        let compressed = Cursor::new(head.to_vec()).chain(reader);
        let mut text = MultiGzDecoder::new(compressed);
        return rest(entry, buffer.fill(&mut text)?, &mut text, decoder);
    }
    rest(entry, head, reader, decoder)
}

/// Reads the rest after the bytes in `head`.
fn rest(
    entry: &Entry,
    head: &[u8],
    reader: &mut (dyn Read + Send),
    decoder: &mut Decoder,
) -> io::Result<Outcome> {
    if let Some(what) = not_text(head) {
        decoder.unreadable(ProblemKind::BinaryFile, what);
        return Ok(Outcome::Read);
    }
    let looks_like_json = json::looks_like(head);
    if entry.chart.is_none() && is_json_by_name(entry, head, looks_like_json) {
        json::read(reader, head.to_vec(), decoder)?;
        return Ok(Outcome::Read);
    }
    if head.len() < HEAD {
        return whole(entry, head, looks_like_json, decoder);
    }
    let bytes = all(head, reader)?;
    if let Some(what) = not_text(&bytes) {
        decoder.unreadable(ProblemKind::BinaryFile, what);
        return Ok(Outcome::Read);
    }
    whole(entry, &bytes, looks_like_json, decoder)
}

/// Reads to the end, up to a limit for lines and the total size, so that endless input cannot
/// exhaust the memory.
fn all(head: &[u8], reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = head.to_vec();
    let mut line_start = 0;
    let mut looked_at = 0;
    loop {
        let new = bytes.get(looked_at..).unwrap_or_default();
        if let Some(newline) = memchr::memrchr(b'\n', new) {
            line_start = looked_at + newline + 1;
        }
        looked_at = bytes.len();
        if looked_at - line_start > LONGEST_LINE {
            let what = format!("it contains a line longer than {} MiB", LONGEST_LINE >> 20);
            return Err(io::Error::other(what));
        }
        if looked_at > LONGEST_FILE {
            let what = format!("it is larger than {} GiB", LONGEST_FILE >> 30);
            return Err(io::Error::other(what));
        }
        // Double the amount each time, like a growing vector.
        let step = u64::try_from(looked_at.clamp(HEAD, LONGEST_LINE)).unwrap_or(u64::MAX);
        if (&mut *reader).take(step).read_to_end(&mut bytes)? == 0 {
            return Ok(bytes);
        }
    }
}

/// Decodes the complete text of a file.
fn whole(
    entry: &Entry,
    bytes: &[u8],
    looks_like_json: bool,
    decoder: &mut Decoder,
) -> io::Result<Outcome> {
    if entry.chart.is_some() && memchr::memmem::find(bytes, b"{{").is_some() {
        return Ok(Outcome::Template);
    }
    if looks_like_json && is_json(bytes) {
        json::read(&mut io::empty(), bytes.to_vec(), decoder)?;
        return Ok(Outcome::Read);
    }
    documents(bytes, decoder);
    Ok(Outcome::Read)
}

/// Returns whether a file is certainly JSON, judging by its name and beginning.
fn is_json_by_name(entry: &Entry, head: &[u8], looks_like_json: bool) -> bool {
    let extension = entry.path.extension().unwrap_or_default().to_ascii_lowercase();
    let json =
        extension == "json" || (looks_like_json && extension != "yaml" && extension != "yml");
    // JSON cannot contain such a line: YAML documents follow, although the first one may be JSON.
    json && memchr::memmem::find(head, b"\n---").is_none()
}

/// Returns a description of bytes that are not readable as text.
fn not_text(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Some("expected UTF-8 text, found UTF-16"),
        _ => memchr::memchr(0, bytes).map(|_| "expected text, found a binary file"),
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::Deserializer::from_slice(bytes)
        .into_iter::<serde::de::IgnoredAny>()
        .all(|value| value.is_ok())
}

/// A document with its heading.
type Headed<'a> = (Chunk<'a>, Heading<'a>);

/// Decodes the documents of a YAML file.
pub(super) fn documents(bytes: &[u8], decoder: &mut Decoder) {
    let chunks: Vec<Headed<'_>> = yaml::split_outlined(bytes);
    if bytes.len() < LARGE {
        return chunks.iter().for_each(|chunk| document(chunk, decoder));
    }
    let decoders = Decoders::like(decoder);
    let batches: Vec<Batch> = shares(&chunks)
        .par_iter()
        .map(|share| {
            let work = |decoder: &mut Decoder| {
                share.iter().for_each(|chunk| document(chunk, decoder));
            };
            decoders.with(work).0
        })
        .collect();
    batches.into_iter().for_each(|batch| decoder.batch.append(batch));
}

/// Splits the documents of a file into shares of similar length.
fn shares<'c, 'a>(chunks: &'c [Headed<'a>]) -> Vec<&'c [Headed<'a>]> {
    let mut length = 0;
    chunks
        .chunk_by(|(one, _), _| {
            length += one.bytes.len();
            let full = length >= SHARE;
            if full {
                length = 0;
            }
            !full
        })
        .collect()
}

fn document((chunk, heading): &Headed<'_>, decoder: &mut Decoder) {
    let shape = heading.shape(decoder.selection);
    if prefilter::is_irrelevant(shape, chunk.bytes) {
        decoder.batch.objects += 1;
        return;
    }
    match yaml::parse_chunk(chunk, shape.and_then(decode::skip_rule)) {
        Ok(documents) => documents.iter().for_each(|document| decoder.document(document)),
        Err(error) => {
            decoder.broken(&error, &String::from_utf8_lossy(chunk.bytes), chunk.first_line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a few bytes at a time, with interruptions.
    struct Hesitant<'a> {
        bytes: &'a [u8],
        calls: usize,
    }

    impl Read for Hesitant<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.calls += 1;
            if self.calls.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let length = buffer.len().min(1000);
            self.bytes.read(buffer.get_mut(..length).unwrap_or_default())
        }
    }

    #[test]
    fn files_of_any_size_are_read_completely() {
        let account =
            "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: last, namespace: shop}\n";
        let entry = Entry {
            path: "a.yaml".into(),
            chart: None,
            is_found: true,
            namespace: None,
            build: None,
        };
        let mut buffer = ReadBuffer::new();
        for size in [0, 1, 1000, HEAD - 1, HEAD, HEAD + 1, 3 * HEAD] {
            let comment = format!("#{}\n", "-".repeat(size.saturating_sub(account.len() + 2)));
            let text = if size < account.len() { account.to_owned() } else { comment + account };
            let mut decoder = Decoder::new(&crate::decode::Place::File("a.yaml".into()), "default");
            let mut reader = Hesitant { bytes: text.as_bytes(), calls: 0 };
            let outcome = contents(&entry, &mut reader, &mut buffer, &mut decoder).unwrap();
            assert_eq!(outcome, Outcome::Read);
            let inventory = decoder.batch.builder.build();
            assert_eq!(inventory.service_accounts().len(), 1, "{size}");
            assert!(decoder.batch.problems.is_empty(), "{size}");
        }
    }
}
