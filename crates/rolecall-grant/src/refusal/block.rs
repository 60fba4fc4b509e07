//! The part of a text that is in memory.

use std::io::{self, Read};

/// The number of bytes to read before scanning.
pub(super) const BLOCK: usize = if cfg!(test) { 4 << 10 } else { 1 << 20 };
/// The number of bytes to keep before an anchor.
pub(super) const BEHIND: usize = if cfg!(test) { 2 << 10 } else { 16 << 10 };
/// The number of bytes to read after an anchor; escalation refusals are long.
pub(super) const AHEAD: usize = if cfg!(test) { 4 << 10 } else { 256 << 10 };

/// A part of the input that is in memory.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// The length of the text.
    pub(super) filled: usize,
    /// The position up to which the text was scanned with the previous block.
    pub(super) scanned: usize,
}

/// The reason why reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Up,
    ToTheEndOfTheInput,
}

impl Block {
    /// Returns the text.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// Returns the free capacity in bytes.
    pub(super) fn room(&self) -> usize {
        (BEHIND + BLOCK + AHEAD).saturating_sub(self.filled)
    }

    /// Copies the end of another block, which has been scanned up to `AHEAD` before its end.
    pub(super) fn continue_from(&mut self, other: &Self) {
        let kept = other.text().len().min(BEHIND + AHEAD);
        self.filled = 0;
        self.fill(other.text().get(other.filled - kept..).unwrap_or_default());
        self.scanned = kept.saturating_sub(AHEAD);
    }

    /// Appends as many bytes as fit, and returns their number.
    pub(super) fn fill(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(self.room());
        let end = self.filled + taken;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(room) = self.bytes.get_mut(self.filled..end) {
            room.copy_from_slice(bytes.get(..taken).unwrap_or_default());
        }
        self.filled = end;
        taken
    }

    /// Fills the block from a reader.
    pub(super) fn read(&mut self, reader: &mut impl Read) -> io::Result<Filled> {
        self.bytes.resize(BEHIND + BLOCK + AHEAD, 0);
        while let Some(room) = self.bytes.get_mut(self.filled..).filter(|room| !room.is_empty()) {
            match reader.read(room) {
                Ok(0) => return Ok(Filled::ToTheEndOfTheInput),
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Filled::Up)
    }
}
