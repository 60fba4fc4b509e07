//! Shared strings: most of what objects say, others have said just before.
//!
//! Two small tables remember what was seen last. That shares nearly as much as remembering
//! everything would, without the growth, and a look costs a few nanoseconds.

use rolecall_rbac::{Text, Texts};

const TEXTS: usize = 8192;
const LISTS: usize = 2048;

/// What one reader has seen last.
#[derive(Debug)]
pub(crate) struct Strings {
    texts: Box<[Text]>,
    lists: Box<[Texts]>,
    empty: Text,
    none: Texts,
    /// Room to collect the pairs of an object in.
    pub(super) pairs: Vec<(Text, Text)>,
}

impl Default for Strings {
    fn default() -> Self {
        let (empty, none) = (Text::from(""), Texts::from([]));
        Self {
            texts: vec![empty.clone(); TEXTS].into(),
            lists: vec![none.clone(); LISTS].into(),
            empty,
            none,
            pairs: Vec::new(),
        }
    }
}

impl Strings {
    /// Returns a copy of `text`, shared if it was seen lately.
    pub(crate) fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return self.empty.clone();
        }
        match self.texts.get_mut(slot(hash(text), TEXTS)) {
            Some(known) if same(known, text) => known.clone(),
            Some(known) => {
                *known = Text::from(text);
                known.clone()
            }
            None => Text::from(text),
        }
    }

    /// Returns a copy of a list, shared if it was seen lately.
    pub(super) fn list(&mut self, list: &[&str]) -> Texts {
        if list.is_empty() {
            return self.none.clone();
        }
        let mix =
            |mixed: u64, text: &&str| (mixed.rotate_left(5) ^ hash(text)).wrapping_mul(FACTOR);
        let slot = slot(list.iter().fold(0, mix), LISTS);
        if let Some(known) = self.lists.get(slot)
            && known.len() == list.len()
            && known.iter().zip(list).all(|(known, text)| same(known, text))
        {
            return known.clone();
        }
        let texts: Texts = list.iter().map(|text| self.text(text)).collect();
        if let Some(known) = self.lists.get_mut(slot) {
            *known = texts.clone();
        }
        texts
    }

    /// Returns the empty list.
    pub(super) fn none(&self) -> Texts {
        self.none.clone()
    }
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

fn slot(hash: u64, slots: usize) -> usize {
    // The best bits of a product are the high ones.
    usize::try_from(hash >> 32).unwrap_or_default() % slots
}

/// Hashes the length and both ends of a text, which tell most texts apart.
fn hash(text: &str) -> u64 {
    let (start, end) = ends(text.as_bytes());
    let mixed = (start ^ (text.len() as u64)).wrapping_mul(FACTOR) ^ end;
    mixed.wrapping_mul(FACTOR)
}

/// Compares two texts; short ones, which most are, without a call.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && ends(one.as_bytes()) == ends(other.as_bytes())
        && (one.len() <= 16 || one == other)
}

/// Returns the first and the last bytes, up to eight each; up to sixteen bytes this is all.
fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(start), Some(end)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u64::from_le_bytes(*start), u64::from_le_bytes(*end))
    } else if let (Some(start), Some(end)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u32::from_le_bytes(*start).into(), u32::from_le_bytes(*end).into())
    } else if let (Some(start), Some(end)) = (bytes.first_chunk(), bytes.last_chunk()) {
        (u16::from_le_bytes(*start).into(), u16::from_le_bytes(*end).into())
    } else {
        bytes.first().map_or((0, 0), |byte| (u64::from(*byte), u64::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_seen_lately_is_shared() {
        let mut strings = Strings::default();
        let once = strings.list(&["get", "list", ""]);
        let again = strings.list(&["get", "list", ""]);
        assert!(Texts::ptr_eq(&once, &again));
        assert!(Text::ptr_eq(&once[0], &strings.text("get")));
        assert_eq!(*once, ["get".into(), "list".into(), "".into()]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn texts_are_the_same_when_they_are_equal(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            prop_assert_eq!(same(&one, &other), one == other);
            prop_assert!(same(&one, &one.clone()));
        }
    }
}
