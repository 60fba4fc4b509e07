//! A part of the buffer, and the findings in it.

use memchr::memmem;
use rolecall_rbac::Text;

use super::fold::Fold;
use super::mask::is_masked;
use super::reader::{self, Outcome};
use super::{Escalation, RemarkKind};
use super::{plain, unnamed};

/// The part of the buffer in which to search for anchors; the related text can extend beyond it.
pub(super) struct Segment<'b> {
    pub(super) buffer: &'b [u8],
    pub(super) start: usize,
    pub(super) fold: Fold,
    /// The position up to which lines have been counted, and their number.
    counted: (usize, u64),
}

impl<'b> Segment<'b> {
    /// Creates an empty segment.
    pub(super) fn new(buffer: &'b [u8], start: usize) -> Self {
        Self { buffer, start, fold: Fold::default(), counted: (start, 0) }
    }

    /// Visits each occurrence of a word in the segment.
    pub(super) fn each(&mut self, word: &[u8], end: usize, visit: fn(&mut Self, usize)) {
        self.counted = (self.start, 0);
        let reach = (end + word.len() - 1).min(self.buffer.len());
        let stretch = self.buffer.get(self.start..reach).unwrap_or_default();
        let start = self.start;
        for found in memmem::find_iter(stretch, word) {
            visit(self, start + found);
        }
    }

    /// Reads the sentence at a place, if any, and adds the refused request.
    pub(super) fn sentence(&mut self, place: usize) {
        let window = self.window(place, 4 << 10, 4 << 10);
        if let Some(sentence) = plain::read(window.text, window.place)
            && !is_masked(&sentence.user)
        {
            let line = Self::line(self.buffer, &mut self.counted, place);
            return self.fold.sentence(&sentence, line);
        }
        self.outcome(reader::read(window.text, window.place), place);
    }

    /// Reads the sentence after `forbidden`, with something in between; returns whether there is
    /// one.
    pub(super) fn restored_sentence(&mut self, place: usize) -> bool {
        let window = self.window(place, 4 << 10, 4 << 10);
        let outcome = reader::read_after(window.text, window.place);
        let is_one = outcome != Outcome::Nothing;
        self.outcome(outcome, place);
        is_one
    }

    fn outcome(&mut self, outcome: Outcome, place: usize) {
        match outcome {
            Outcome::Nothing => {}
            Outcome::Refused { user, request, reason } => {
                let line = Self::line(self.buffer, &mut self.counted, place);
                self.fold.request(user, request, reason, line);
            }
            Outcome::Unnamed { request } => {
                let found = (vec![request], unnamed::Place::Known, unnamed::UnnamedReason::LeftOut);
                self.unnamed(found, place);
            }
            Outcome::Doubtful(doubt) => self.remark(RemarkKind::Doubtful(doubt), place),
        }
    }

    /// Adds a refusal without a user.
    pub(super) fn unnamed(&mut self, found: unnamed::Found, place: usize) {
        let window = self.window(place, 4 << 10, 4 << 10);
        let text = || window.excerpt();
        let line = Self::line(self.buffer, &mut self.counted, place);
        self.fold.unnamed(found, text, line);
    }

    /// Adds a remark about a place; remarks with the same following text count as one.
    pub(super) fn remark(&mut self, kind: RemarkKind, place: usize) {
        let window = self.window(place, 4 << 10, 4 << 10);
        let after = window.after();
        let end = memchr::memchr(b'\n', after).unwrap_or(after.len()).min(120);
        let common = after.get(..end).unwrap_or_default();
        let line = Self::line(self.buffer, &mut self.counted, place);
        let text = || window.excerpt();
        self.fold.remark(kind, common, text, line);
    }

    /// Adds an escalation refusal found at a place.
    pub(super) fn escalation(&mut self, found: Box<Escalation>, place: usize) {
        let line = Self::line(self.buffer, &mut self.counted, place);
        self.fold.escalation(found, line);
    }

    /// Adds a refused request found at a place.
    pub(super) fn request(&mut self, user: Text, request: rolecall_rbac::Request, place: usize) {
        let line = Self::line(self.buffer, &mut self.counted, place);
        self.fold.request(user, request, None, line);
    }

    /// Returns a function that counts the lines up to a place; places must be ascending.
    fn line<'s>(
        buffer: &'s [u8],
        counted: &'s mut (usize, u64),
        place: usize,
    ) -> impl FnOnce() -> u64 + 's {
        move || {
            let between = buffer.get(counted.0..place).unwrap_or_default();
            counted.1 += memchr::memchr_iter(b'\n', between).count() as u64;
            counted.0 = counted.0.max(place);
            counted.1 + 1
        }
    }

    /// Returns the text around a place.
    pub(super) fn window(&self, place: usize, behind: usize, ahead: usize) -> Window<'b> {
        let start = place.saturating_sub(behind);
        let end = place.saturating_add(ahead).min(self.buffer.len());
        let text = self.buffer.get(start..end).unwrap_or_default();
        Window { text, place: place - start }
    }
}

/// The part of the buffer around a place.
#[derive(Clone, Copy)]
pub(super) struct Window<'b> {
    pub(super) text: &'b [u8],
    pub(super) place: usize,
}

impl<'b> Window<'b> {
    pub(super) fn before(&self) -> &'b [u8] {
        self.text.get(..self.place).unwrap_or_default()
    }

    pub(super) fn after(&self) -> &'b [u8] {
        self.text.get(self.place..).unwrap_or_default()
    }

    /// Returns a printable excerpt of the line around the place.
    pub(super) fn excerpt(&self) -> Text {
        let start = memchr::memrchr(b'\n', self.before()).map_or(0, |position| position + 1);
        let before = self.before().get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', self.after()).unwrap_or(self.after().len());
        unnamed::excerpt(before, self.after().get(..end).unwrap_or_default())
    }

    /// Returns the line at the place, limited to the window.
    pub(super) fn line(&self) -> &'b [u8] {
        let start = memchr::memrchr(b'\n', self.before()).map_or(0, |position| position + 1);
        let end = memchr::memchr(b'\n', self.after())
            .map_or(self.text.len(), |position| self.place + position);
        self.text.get(start..end).unwrap_or_default()
    }
}
