//! The scanner: searches for rare words, then reads the text around them.

use std::io::{self, Read};

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;
use rayon::prelude::*;

use super::block::{AHEAD, Block, Filled};
use super::fold::Fold;
use super::segment::Segment;
use super::{Denial, Escalation, Remark, Unnamed};
use super::{anchors, audit, escalation, restore, sentence, unnamed, writes};

/// The size of the pieces that threads scan; fits into a core's cache.
const SEGMENT: usize = if cfg!(test) { 1 << 10 } else { 256 << 10 };

/// The findings in a text, sorted by first position.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The refused requests.
    pub denials: Vec<Denial>,
    /// The refused roles and bindings that grant more than their writer holds.
    pub escalations: Vec<Escalation>,
    /// Other refusals, and text that resembles one.
    pub remarks: Vec<Remark>,
    /// Refusals that do not name the user.
    pub unnamed: Vec<Unnamed>,
    /// The number of bytes read.
    pub bytes: u64,
    /// The number of findings that were dropped because there were too many.
    pub dropped: u64,
}

impl Scan {
    /// Returns whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.denials.is_empty()
            && self.escalations.is_empty()
            && self.remarks.is_empty()
            && self.unnamed.is_empty()
    }

    /// Scans a text that is in memory.
    pub fn of(text: &[u8]) -> Self {
        let mut scanner = Scanner::new();
        scanner.push(text);
        scanner.finish()
    }
}

/// Scans a text of any length in bounded memory, in pieces of any size.
#[derive(Debug, Default)]
pub struct Scanner {
    block: Block,
    /// The block to read into while the other one is scanned.
    spare: Block,
    found: Found,
}

/// The findings so far, and the size of the scanned text.
#[derive(Debug, Default)]
struct Found {
    fold: Fold,
    bytes: u64,
    lines: u64,
}

impl Scanner {
    /// Creates an empty scanner.
    pub fn new() -> Self {
        Self::default()
    }

    /// Scans the next piece.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.block.room() == 0 {
                self.found.scan(&self.block, self.block.filled.saturating_sub(AHEAD));
                self.spare.continue_from(&self.block);
                std::mem::swap(&mut self.block, &mut self.spare);
            }
            let taken = self.block.fill(rest);
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Scans the contents of a reader, and reads the next block while scanning the previous one.
    pub fn read(&mut self, mut reader: impl Read + Send) -> io::Result<()> {
        let mut read = self.block.read(&mut reader)?;
        while read == Filled::Up {
            self.spare.continue_from(&self.block);
            let (result, ()) = rayon::join(
                || self.spare.read(&mut reader),
                || self.found.scan(&self.block, self.block.filled.saturating_sub(AHEAD)),
            );
            std::mem::swap(&mut self.block, &mut self.spare);
            read = result?;
        }
        Ok(())
    }

    /// Scans the rest.
    pub fn finish(mut self) -> Scan {
        let is_short = self.found.bytes == 0;
        self.found.scan(&self.block, self.block.filled);
        if is_short {
            // For short input, also report sentences without `is forbidden:`, and those that a
            // terminal broke inside a word.
            let text = self.block.text();
            self.found.fold.merge(scan_unannounced(text), 0);
            if self.found.fold.has_no_denials() {
                self.found.fold.merge(scan_unwrapped(text), 0);
            }
            self.found.fold.find_urls(text);
        }
        self.found.fold.into_scan(self.found.bytes)
    }
}

impl Found {
    /// Scans the part of a block that has not been scanned yet.
    fn scan(&mut self, block: &Block, end: usize) {
        let starts: Vec<usize> = (block.scanned..end).step_by(SEGMENT).collect();
        let scan = |start: &usize| scan_segment(block.text(), *start, end.min(*start + SEGMENT));
        let segments: Vec<(Fold, u64)> = if starts.len() > 1 {
            starts.par_iter().map(scan).collect()
        } else {
            starts.iter().map(scan).collect()
        };
        for (fold, lines) in segments {
            self.fold.merge(fold, self.lines);
            self.lines += lines;
        }
        self.bytes += end.saturating_sub(block.scanned) as u64;
    }
}

/// Scans a part of the buffer and counts its lines.
fn scan_segment(buffer: &[u8], start: usize, end: usize) -> (Fold, u64) {
    let mut segment = Segment::new(buffer, start);
    each_anchor(&mut segment, end);
    let stretch = buffer.get(start..end).unwrap_or_default();
    let lines = memchr::memchr_iter(b'\n', stretch).count() as u64;
    (segment.fold, lines)
}

/// Scans a whole text for unannounced sentences.
fn scan_unannounced(buffer: &[u8]) -> Fold {
    let mut segment = Segment::new(buffer, 0);
    segment.each(sentence::START, buffer.len(), Segment::sentence);
    segment.fold.into_unannounced()
}

/// Scans a short text as if a terminal had broken its lines, only for refusals.
fn scan_unwrapped(buffer: &[u8]) -> Fold {
    let is_wrapped = buffer.len() <= MOST_UNWRAPPED && memchr::memchr(b'\n', buffer).is_some();
    let is_about_refusals = || {
        memmem::find(buffer, b"cannot").is_some()
            || memmem::find(buffer, b"forb").is_some()
            || memmem::find(buffer, b"User").is_some()
    };
    if !is_wrapped || !is_about_refusals() {
        return Fold::default();
    }
    let joined = restore::unwrapped(buffer);
    let mut segment = Segment::new(&joined, 0);
    segment.each(anchors::FORBIDDEN, joined.len(), anchors::at_forbidden);
    segment.fold.into_denials()
}

/// Visits each anchor in the segment.
fn each_anchor(segment: &mut Segment<'_>, end: usize) {
    let reach = (end + LONGEST - 1).min(segment.buffer.len());
    let stretch = segment.buffer.get(segment.start..reach).unwrap_or_default();
    let start = segment.start;
    for found in WORDS.iter().flat_map(|words| words.find_iter(stretch)) {
        let place = start + found.start();
        if let Some((_, visit)) = ANCHORS.get(found.pattern().as_usize()).filter(|_| place < end) {
            visit(segment, place);
        }
    }
}

/// The maximum length of a text to rescan as if a terminal had broken its lines.
const MOST_UNWRAPPED: usize = 64 << 10;

/// A function that reads the text around an anchor.
type Visit = fn(&mut Segment<'_>, usize);

/// The anchors of refusals, and the functions that read the text around them.
static ANCHORS: [(&[u8], Visit); 14] = [
    (anchors::FORBIDDEN, anchors::at_forbidden),
    (anchors::DENIED, anchors::at_denied),
    (anchors::UNAUTHORIZED, anchors::at_unauthorized),
    (anchors::NO_CREDENTIALS, anchors::at_no_credentials),
    (audit::ANCHOR, anchors::at_audit_decision),
    (audit::SPACED_ANCHOR, anchors::at_audit_decision),
    (escalation::EXTRA, anchors::at_extra),
    (unnamed::CODE, anchors::at_code),
    (unnamed::UNKNOWN, anchors::at_unknown),
    (unnamed::AUTOSCALE, anchors::at_autoscale),
    (unnamed::NOT_ALLOWED, anchors::at_not_allowed),
    (writes::NOT_FOUND, anchors::at_not_found),
    (writes::INVALID, anchors::at_invalid),
    (b"PermissionDenied", anchors::at_permission_denied),
];

/// The maximum length of an anchor.
const LONGEST: usize = 64;

/// Finds all anchors in one pass; `None` cannot happen with so few short words.
static WORDS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = ANCHORS.iter().map(|(word, _)| word);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words).ok()
});

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const REFUSALS: [&str; 5] = [
        "pods is forbidden: User \"u\" cannot list resource \"pods\" in API group \"\" in the namespace \"a\"",
        "{\"m\":\"pods \\\"p\\\" is forbidden: User \\\"u\\\" cannot get resource \\\"pods\\\" in API group \\\"\\\" at the cluster scope\"}",
        "pods \"p\" is forbidden: exceeded quota: q",
        "error: You must be logged in to the server (Unauthorized)",
        "pods is forbidden: User \"u\" cannot list resource \"po",
    ];

    /// A piece of a log: filler of some length, or a refusal.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            3 => (0usize..900).prop_map(|length| "cannot x ".repeat(length / 9)),
            2 => (0..REFUSALS.len()).prop_map(|row| REFUSALS[row].to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn splitting_the_text_changes_nothing(
            lines in proptest::collection::vec(line(), 1..120),
            cuts in proptest::collection::vec(1usize..9000, 1..20),
        ) {
            let text = lines.join("\n");
            let mut expected = [0u64; REFUSALS.len()];
            for line in &lines {
                if let Some(row) = REFUSALS.iter().position(|refusal| refusal == line) {
                    expected[row] += 1;
                }
            }
            let mut scanner = Scanner::new();
            let mut rest = text.as_bytes();
            for cut in cuts.iter().cycle() {
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                scanner.push(piece);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            let scan = scanner.finish();
            prop_assert_eq!(scan.bytes, text.len() as u64);
            let count = |seen: &mut dyn Iterator<Item = u64>| seen.sum::<u64>();
            prop_assert_eq!(
                count(&mut scan.denials.iter().map(|denial| denial.seen.count)),
                expected[0] + expected[1]
            );
            prop_assert_eq!(
                count(&mut scan.remarks.iter().map(|remark| remark.seen.count)),
                expected[2] + expected[3] + expected[4]
            );
            for denial in &scan.denials {
                let row = usize::from(*denial.request.verb == *"get");
                let line = lines.iter().position(|line| line == REFUSALS[row]).unwrap();
                prop_assert_eq!(denial.seen.line, line as u64 + 1);
            }
            let mut reader = Scanner::new();
            reader.read(text.as_bytes()).unwrap();
            prop_assert_eq!(reader.finish(), scan);
        }
    }
}
