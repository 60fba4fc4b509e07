//! Reads a JSON input in blocks and tracks the position.

use std::io::{self, Read};

use crate::Position;

/// The default block size.
const BLOCK: usize = 128 * 1024;

/// The size limit of an object, and of a list whose kind comes after its items. It protects the
/// memory from endless input.
const LONGEST: usize = 1 << 30;

/// A reader with a buffer of unconsumed bytes.
pub(super) struct Source<'r> {
    reader: &'r mut (dyn Read + Send),
    /// The unconsumed bytes.
    pending: Vec<u8>,
    /// The position of `pending`.
    position: Position,
    ended: bool,
    /// The block size.
    block: usize,
    /// Buffers for reuse, because allocating fresh memory costs more than reading.
    spare: Vec<Vec<u8>>,
}

/// A part of the input and its position.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) bytes: Vec<u8>,
    pub(super) position: Position,
}

impl<'r> Source<'r> {
    /// Creates a source; `head` has already been read from `reader`.
    pub(super) fn new(reader: &'r mut (dyn Read + Send), head: Vec<u8>) -> Self {
        Self::with_block(reader, head, BLOCK)
    }

    /// Like [`new`](Self::new), with another block size.
    pub(super) fn with_block(
        reader: &'r mut (dyn Read + Send),
        head: Vec<u8>,
        block: usize,
    ) -> Self {
        let position = Position { line: 1, column: 1 };
        Self { reader, pending: head, position, ended: false, block, spare: Vec::new() }
    }

    /// Returns the block size.
    pub(super) fn block(&self) -> usize {
        self.block
    }

    /// Returns the unconsumed bytes.
    pub(super) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Returns the position of [`pending`](Self::pending).
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// Reads at least one more byte; false at the end of the input.
    pub(super) fn more(&mut self) -> io::Result<bool> {
        // Fill up the block. Doubling longer buffers limits the number of times that one item is
        // scanned.
        let length = self.pending.len();
        self.read(if length < self.block { self.block - length } else { length })
    }

    /// Reads until the end of the input.
    pub(super) fn rest(&mut self) -> io::Result<()> {
        while self.more()? {}
        Ok(())
    }

    /// Consumes the first pending bytes.
    pub(super) fn consume(&mut self, length: usize) {
        let length = length.min(self.pending.len());
        let used = self.pending.get(..length).unwrap_or_default();
        self.position = after(self.position, used);
        self.pending.drain(..length);
    }

    /// Takes the bytes up to `cut`, or all of them.
    pub(super) fn take(&mut self, cut: Option<usize>) -> Segment {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        std::mem::swap(&mut bytes, &mut self.pending);
        let position = self.position;
        if let Some(rest) = cut.and_then(|cut| bytes.get(cut..)) {
            self.pending.extend_from_slice(rest);
            bytes.truncate(cut.unwrap_or(bytes.len()));
        }
        self.position = after(position, &bytes);
        Segment { bytes, position }
    }

    /// Puts back segments that directly precede the pending bytes; the first one without the bytes
    /// before `from`.
    pub(super) fn put_back(&mut self, segments: Vec<Segment>, from: usize) {
        let Some(first) = segments.first() else { return };
        let (used, _) = first.bytes.split_at(from.min(first.bytes.len()));
        self.position = after(first.position, used);
        let mut bytes: Vec<u8> = Vec::new();
        for segment in segments {
            bytes.extend_from_slice(&segment.bytes);
            self.recycle(segment.bytes);
        }
        bytes.drain(..from.min(bytes.len()));
        bytes.append(&mut self.pending);
        self.pending = bytes;
    }

    /// Keeps a buffer for reuse.
    pub(super) fn recycle(&mut self, bytes: Vec<u8>) {
        self.spare.push(bytes);
    }

    fn read(&mut self, limit: usize) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        if self.pending.len() > LONGEST {
            return Err(io::Error::other("it contains a value larger than 1 GiB"));
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let read = self.reader.take(limit).read_to_end(&mut self.pending)?;
        // `take` returns fewer bytes only at the end of the input.
        self.ended = read == 0;
        Ok(!self.ended)
    }
}

/// Returns the position after `bytes` that start at `position`.
pub(super) fn after(position: Position, bytes: &[u8]) -> Position {
    let lines = memchr::memchr_iter(b'\n', bytes).count();
    let columns = match memchr::memrchr(b'\n', bytes) {
        Some(newline) => bytes.len() - newline,
        None => position.column as usize + bytes.len(),
    };
    Position {
        line: position.line + u32::try_from(lines).unwrap_or_default(),
        column: u32::try_from(columns).unwrap_or(u32::MAX),
    }
}
