//! Detection of the kind of client that wrote a text.

use memchr::memmem::Finder;

/// Parts of messages of informers when a request is refused: those of client-go's reflectors, and of other
/// languages.
const INFORMERS: [&str; 5] =
    ["eflector", "ailed to watch", "ailed to list *", "initial object list", "nformer"];

/// The number of bytes to search. Informers repeat their messages.
const SEARCHED: usize = 1 << 20;

/// Searches a stream of text for signs of informers.
pub(crate) struct Clues {
    finders: Vec<Finder<'static>>,
    /// The end of the previous piece, which can contain the start of a sign.
    end: Vec<u8>,
    found: bool,
    searched: usize,
}

impl Clues {
    pub(super) fn new() -> Self {
        let finders = INFORMERS.iter().map(|sign| Finder::new(*sign)).collect();
        Self { finders, end: Vec::new(), found: false, searched: 0 }
    }

    /// Searches the next piece.
    pub(super) fn push(&mut self, piece: &[u8]) {
        if self.found || self.searched > SEARCHED {
            return;
        }
        self.searched += piece.len();
        let longest = INFORMERS.iter().map(|sign| sign.len()).max().unwrap_or_default();
        let (head, _) = piece.split_at(piece.len().min(longest));
        self.end.extend_from_slice(head);
        let is_in = |text: &[u8]| self.finders.iter().any(|finder| finder.find(text).is_some());
        self.found = is_in(&self.end) || is_in(piece);
        self.end.extend_from_slice(piece.get(head.len()..).unwrap_or_default());
        let cut = self.end.len().saturating_sub(longest);
        self.end.drain(..cut);
    }

    /// Returns whether informers probably wrote the text.
    pub(super) fn are_of_informers(&self) -> bool {
        self.found
    }
}

/// A reader that also searches for signs.
pub(super) struct Watched<'a, R> {
    pub(super) reader: R,
    pub(super) clues: &'a mut Clues,
}

impl<R: std::io::Read> std::io::Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.clues.push(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_found_across_pieces() {
        let text = b"E1130 01:02:03 reflector.go:158] \"Unhandled Error\"";
        for size in 1..text.len() {
            let mut clues = Clues::new();
            text.chunks(size).for_each(|piece| clues.push(piece));
            assert!(clues.are_of_informers(), "{size}");
        }
        let mut clues = Clues::new();
        clues.push(b"pods is forbidden: User \"jane\" cannot list resource \"pods\"");
        assert!(!clues.are_of_informers());
    }
}
