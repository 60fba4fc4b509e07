//! A cache of shared strings, because objects repeat what recent objects contained.
//!
//! Two small tables hold recent strings that occurred more than once. That shares nearly as much as
//! an unbounded cache, and strings that occur once do not evict others.

use rolecall_rbac::{Text, Texts, is_template};

const TEXTS: usize = 4096;
const LISTS: usize = 1024;

/// The strings that one reader has seen recently. The tables are allocated on first use, because
/// many readers have nothing to cache.
#[derive(Debug)]
pub(crate) struct StringCache {
    texts: Box<[Slot<Text>]>,
    lists: Box<[Slot<Texts>]>,
    empty: Text,
    none: Texts,
    /// A reusable buffer for the pairs of an object.
    pub(super) pairs: Vec<(Text, Text)>,
    /// The paths of unknown keys in the current object.
    pub(super) stray: Vec<String>,
    /// Whether any string so far was a placeholder.
    pub(super) has_placeholders: bool,
}

/// An entry of a table.
#[derive(Clone, Debug)]
struct Slot<T> {
    /// The hash of the last miss.
    candidate: u64,
    /// The hash of `known`, which saves a memory access to `known` itself.
    hash: u64,
    known: T,
}

impl<T> Slot<T> {
    /// Returns whether the previous miss had the same hash, and records this one.
    fn is_wanted(&mut self, hash: u64) -> bool {
        std::mem::replace(&mut self.candidate, hash) == hash
    }
}

impl Default for StringCache {
    fn default() -> Self {
        let (empty, none) = (Text::from(""), Texts::from([]));
        Self {
            texts: Box::default(),
            lists: Box::default(),
            empty,
            none,
            pairs: Vec::new(),
            stray: Vec::new(),
            has_placeholders: false,
        }
    }
}

impl StringCache {
    /// Prefixes the paths of the unknown keys after the first `before` ones with `step`.
    pub(super) fn stray_below(&mut self, before: usize, step: &str) {
        for path in self.stray.iter_mut().skip(before) {
            let separator = if path.starts_with('[') { "" } else { "." };
            *path = format!("{step}{separator}{path}");
        }
    }

    /// Returns a copy of `text`, shared with a recent equal one.
    pub(crate) fn text(&mut self, text: &str) -> Text {
        if text.is_empty() {
            return self.empty.clone();
        }
        let hash = hash(text);
        let Some(slot) = self.texts.get_mut(place(hash, TEXTS)) else {
            self.texts = table(TEXTS, &self.empty);
            return self.text(text);
        };
        if slot.hash == hash && same(&slot.known, text) {
            return slot.known.clone();
        }
        let new = Text::from(text);
        if slot.is_wanted(hash) {
            (slot.hash, slot.known) = (hash, new.clone());
        }
        self.has_placeholders |= is_template(text);
        new
    }

    /// Returns a copy of `text`, which hardly occurs twice.
    pub(super) fn unique(&mut self, text: &str) -> Text {
        self.has_placeholders |= is_template(text);
        Text::from(text)
    }

    /// Returns a copy of a list, shared with a recent equal one.
    pub(super) fn list(&mut self, list: &[&str]) -> Texts {
        if list.is_empty() {
            return self.none.clone();
        }
        let mix =
            |mixed: u64, text: &&str| (mixed.rotate_left(5) ^ hash(text)).wrapping_mul(FACTOR);
        let hash = list.iter().fold(0, mix);
        let place = place(hash, LISTS);
        let Some(slot) = self.lists.get(place) else {
            self.lists = table(LISTS, &self.none);
            return self.list(list);
        };
        if slot.hash == hash
            && slot.known.len() == list.len()
            && slot.known.iter().zip(list).all(|(known, text)| same(known, text))
        {
            return slot.known.clone();
        }
        let new: Texts = list.iter().map(|text| self.text(text)).collect();
        if let Some(slot) = self.lists.get_mut(place)
            && slot.is_wanted(hash)
        {
            (slot.hash, slot.known) = (hash, new.clone());
        }
        new
    }

    /// Returns the empty string.
    pub(super) fn empty(&self) -> Text {
        self.empty.clone()
    }

    /// Returns the empty list.
    pub(super) fn none(&self) -> Texts {
        self.none.clone()
    }
}

fn table<T: Clone>(places: usize, known: &T) -> Box<[Slot<T>]> {
    vec![Slot { candidate: 0, hash: 0, known: known.clone() }; places].into()
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

fn place(hash: u64, places: usize) -> usize {
    // The highest bits of a product are the best ones; the lower ones ignore the end of the string.
    usize::try_from(hash >> 48).unwrap_or_default() % places
}

/// Hashes the length and both ends of a string, which distinguish most strings.
fn hash(text: &str) -> u64 {
    let (start, end) = ends(text.as_bytes());
    let mixed = (start ^ (text.len() as u64)).wrapping_mul(FACTOR) ^ end;
    mixed.wrapping_mul(FACTOR)
}

/// Compares two strings; short ones, the most common case, without a function call.
fn same(one: &str, other: &str) -> bool {
    one.len() == other.len()
        && ends(one.as_bytes()) == ends(other.as_bytes())
        && (one.len() <= 16 || one == other)
}

/// Returns the first and last bytes, up to eight each: everything, up to a length of sixteen.
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
    fn recent_strings_are_shared() {
        let mut strings = StringCache::default();
        strings.list(&["get", "list", ""]);
        let twice = strings.list(&["get", "list", ""]);
        let again = strings.list(&["get", "list", ""]);
        assert!(Texts::ptr_eq(&twice, &again));
        assert!(Text::ptr_eq(&twice[0], &strings.text("get")));
        assert_eq!(*twice, ["get", "list", ""]);
    }

    #[test]
    fn strings_that_end_differently_do_not_evict_each_other() {
        let mut strings = StringCache::default();
        let names: Vec<String> = (0..250).map(|number| format!("shop-{number:04}")).collect();
        for _ in 0..2 {
            names.iter().for_each(|name| drop(strings.text(name)));
        }
        let known: Vec<Text> = names.iter().map(|name| strings.text(name)).collect();
        let shared = known
            .iter()
            .zip(&names)
            .filter(|(known, name)| Text::ptr_eq(known, &strings.text(name)));
        assert!(shared.count() > 225);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn same_is_equality(one in "[ab]{0,20}", other in "[ab]{0,20}") {
            prop_assert_eq!(same(&one, &other), one == other);
            prop_assert!(same(&one, &one.clone()));
        }
    }
}
