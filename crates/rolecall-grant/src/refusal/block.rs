//! The stretch of a text that is in memory.

use std::io::{self, Read};

/// How much is read before it is scanned.
pub(super) const BLOCK: usize = if cfg!(test) { 4 << 10 } else { 1 << 20 };
/// How much of the text before a word is kept to read what it belongs to.
pub(super) const BEHIND: usize = if cfg!(test) { 2 << 10 } else { 16 << 10 };
/// How much of the text after a word is read; escalation refusals are long.
pub(super) const AHEAD: usize = if cfg!(test) { 4 << 10 } else { 256 << 10 };

/// A stretch of the input that is in memory.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    /// How many of the bytes hold text.
    pub(super) filled: usize,
    /// Up to where the text was scanned as a part of the block before.
    pub(super) scanned: usize,
}

/// Whether a block is full.
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

    /// Returns how many bytes there is room for.
    pub(super) fn room(&self) -> usize {
        (BEHIND + BLOCK + AHEAD).saturating_sub(self.filled)
    }

    /// Begins with the end of another block, which is scanned up to what is kept ahead.
    pub(super) fn continue_from(&mut self, other: &Self) {
        let kept = other.text().len().min(BEHIND + AHEAD);
        self.filled = 0;
        self.fill(other.text().get(other.filled - kept..).unwrap_or_default());
        self.scanned = kept.saturating_sub(AHEAD);
    }

    /// Takes as much as there is room for, and says how much.
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

    /// Fills it from a reader.
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
