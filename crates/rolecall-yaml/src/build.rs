//! Builds a [`Document`] from nodes in document order: keys, merge keys, anchors and aliases.

use std::borrow::Cow;
use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::ParseError;
use super::node::{Document, DuplicateKey, Entry, Position, Value};

/// The number of nodes that aliases can add to a document; a YAML bomb needs billions.
const ALIAS_BUDGET: usize = 1_000_000;
/// The maximum nesting depth with aliases resolved.
const DEPTH_LIMIT: usize = 512;

/// A document under construction.
#[derive(Default)]
pub(super) struct Builder<'a> {
    entries: Vec<Entry<'a>>,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchor<'a>, FxBuildHasher>,
    spent: usize,
    duplicates: Vec<DuplicateKey>,
    /// Whether the document contains a merge key.
    merges: bool,
    /// A reusable buffer for the keys of a mapping.
    keys: Vec<usize>,
}

/// A mapping or sequence that is still open.
struct Open {
    start: usize,
    anchor: usize,
    mapping: bool,
    /// In a mapping: whether the next node is a value.
    at_value: bool,
    /// In a mapping: the entry of a `<<` whose value comes next.
    merge: Option<usize>,
    /// In a mapping: the ranges of entries that come from merges.
    merged: Vec<(usize, usize)>,
}

/// The complete subtree of an anchor; `None` while it is open.
struct Anchor<'a> {
    subtree: Option<Vec<Entry<'a>>>,
    depth: usize,
}

impl<'a> Builder<'a> {
    /// Creates a builder with capacity for a text of this length, parts of which might be skipped.
    pub(super) fn with_capacity_for(text: &str) -> Self {
        Self {
            entries: Vec::with_capacity(16 + text.len() / 32),
            open: Vec::with_capacity(16),
            keys: Vec::with_capacity(16),
            ..Self::default()
        }
    }

    /// Adds a scalar; `merge_key` marks an unquoted `<<`.
    pub(super) fn scalar(
        &mut self,
        position: Position,
        value: Value<'a>,
        anchor: usize,
        merge_key: MergeKey,
    ) -> Result<(), ParseError> {
        let start = self.entries.len();
        self.entries.push(Entry { position, size: 1, value });
        if anchor != 0 {
            self.remember(anchor, start)?;
        }
        if let (MergeKey::Yes, Some(open)) = (merge_key, self.open.last_mut())
            && open.mapping
            && !open.at_value
        {
            open.merge = Some(start);
        }
        self.completed(start)
    }

    /// Opens a mapping or sequence.
    pub(super) fn start(
        &mut self,
        position: Position,
        collection: Collection,
        anchor: usize,
    ) -> Result<(), ParseError> {
        if self.open.len() >= DEPTH_LIMIT {
            return Err(too_deep(position));
        }
        let mapping = collection == Collection::Mapping;
        if anchor != 0 {
            self.anchors.insert(anchor, Anchor { subtree: None, depth: 0 });
        }
        self.open.push(Open {
            start: self.entries.len(),
            anchor,
            mapping,
            at_value: false,
            merge: None,
            merged: Vec::new(),
        });
        let value = if mapping { Value::Mapping } else { Value::Sequence };
        self.entries.push(Entry { position, size: 1, value });
        Ok(())
    }

    /// Closes the innermost mapping or sequence.
    pub(super) fn end(&mut self) -> Result<(), ParseError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.mapping {
            self.mark_overridden(&open);
        }
        let size = self.entries.len() - open.start;
        if let Some(entry) = self.entries.get_mut(open.start) {
            entry.size = u32::try_from(size).unwrap_or(u32::MAX);
        }
        if open.anchor != 0 {
            self.remember(open.anchor, open.start)?;
        }
        self.completed(open.start)
    }

    /// Adds a copy of an anchor's subtree.
    pub(super) fn alias(&mut self, position: Position, anchor: usize) -> Result<(), ParseError> {
        let Some(known) = self.anchors.get(&anchor) else {
            return Err(ParseError::new(position, "the alias refers to an undefined anchor"));
        };
        let Some(subtree) = &known.subtree else {
            return Err(ParseError::new(position, "the alias refers to a node that contains it"));
        };
        if self.open.len() + known.depth > DEPTH_LIMIT {
            return Err(too_deep(position));
        }
        spend(&mut self.spent, subtree, position)?;
        let start = self.entries.len();
        self.entries.extend_from_slice(subtree);
        if let Some(entry) = self.entries.get_mut(start) {
            entry.position = position;
        }
        self.completed(start)
    }

    /// Returns the document; its root is null if it has no nodes.
    pub(super) fn finish(mut self, start: Position) -> Document<'a> {
        if self.entries.is_empty() {
            self.entries.push(Entry { position: start, size: 1, value: Value::Null });
        }
        let moved = self.merges || !self.anchors.is_empty();
        Document { entries: self.entries, duplicates: self.duplicates, moved }
    }

    /// Completes the node at `start`: converts a key to a string, or resolves a merge.
    fn completed(&mut self, start: usize) -> Result<(), ParseError> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        if !open.mapping {
            return Ok(());
        }
        open.at_value = !open.at_value;
        if open.at_value {
            return match self.entries.get_mut(start) {
                Some(entry) => key_text(entry),
                None => Ok(()),
            };
        }
        match open.merge.take() {
            Some(key) => self.merge(key),
            None => Ok(()),
        }
    }

    /// Replaces the trailing `<<` entry and its value by the pairs of the value.
    fn merge(&mut self, key: usize) -> Result<(), ParseError> {
        self.merges = true;
        let mut value = self.entries.split_off(key);
        value.remove(0);
        let start = self.entries.len();
        match value.first().map(|entry| &entry.value) {
            Some(Value::Mapping) => self.entries.extend(value.drain(1..)),
            Some(Value::Sequence) => {
                // Earlier items take precedence, and later pairs override earlier ones.
                let mut items = Vec::new();
                let mut at = 1;
                while let Some(entry) = value.get(at) {
                    if entry.value != Value::Mapping {
                        return Err(bad_merge(entry.position));
                    }
                    items.push((at, at + entry.size as usize));
                    at += entry.size as usize;
                }
                for (start, end) in items.into_iter().rev() {
                    self.entries.extend_from_slice(value.get(start + 1..end).unwrap_or_default());
                }
            }
            other => {
                let position = value.first().map(|entry| entry.position).unwrap_or_default();
                return if other.is_some() { Err(bad_merge(position)) } else { Ok(()) };
            }
        }
        let end = self.entries.len();
        if let Some(open) = self.open.last_mut() {
            open.merged.push((start, end));
        }
        Ok(())
    }

    /// Marks every key of a mapping that is overridden by a later equal key.
    fn mark_overridden(&mut self, open: &Open) {
        let mut keys = std::mem::take(&mut self.keys);
        keys.clear();
        let mut at = open.start + 1;
        while let Some(key) = self.entries.get(at) {
            if key.value != Value::Overridden {
                keys.push(at);
            }
            let value = at + key.size as usize;
            at = value + self.entries.get(value).map_or(1, |entry| entry.size as usize);
        }
        for (earlier, later) in self.equal_keys(&keys) {
            let merged =
                |at: usize| open.merged.iter().any(|&(start, end)| (start..end).contains(&at));
            let both_written = !merged(earlier) && !merged(later);
            let later = self.entries.get(later).map(|entry| entry.position).unwrap_or_default();
            let Some(entry) = self.entries.get_mut(earlier) else { continue };
            if let (Value::String(key), true) = (&entry.value, both_written) {
                let (key, earlier) = (key.to_string(), entry.position);
                self.duplicates.push(DuplicateKey { key, earlier, later });
            }
            entry.value = Value::Overridden;
        }
        self.keys = keys;
    }

    /// Returns each repeated key entry with its next repetition.
    fn equal_keys(&self, keys: &[usize]) -> Vec<(usize, usize)> {
        let text = |at: usize| match self.entries.get(at).map(|entry| &entry.value) {
            Some(Value::String(text)) => text.as_ref(),
            _ => "",
        };
        let mut equal = Vec::new();
        if self.surely_differ(keys) {
            return equal;
        }
        let mut next: HashMap<&str, usize, FxBuildHasher> = HashMap::default();
        for &key in keys.iter().rev() {
            equal.extend(next.insert(text(key), key).map(|later| (key, later)));
        }
        equal.reverse();
        equal
    }

    /// Returns whether all keys differ, judging only by their lengths and first and last
    /// characters.
    fn surely_differ(&self, keys: &[usize]) -> bool {
        let mut seen = 0u128;
        keys.iter().all(|&at| {
            let text = match self.entries.get(at).map(|entry| &entry.value) {
                Some(Value::String(text)) => text.as_bytes(),
                _ => &[],
            };
            let letter = |letter: Option<&u8>| letter.map_or(0, |letter| usize::from(*letter));
            let hash = text.len() * 37 + letter(text.first()) * 5 + letter(text.last());
            let bit = 1u128 << (hash % 128);
            let is_new = seen & bit == 0;
            seen |= bit;
            is_new
        })
    }

    /// Keeps a copy of an anchor's subtree for its aliases.
    fn remember(&mut self, anchor: usize, start: usize) -> Result<(), ParseError> {
        let subtree = self.entries.get(start..).unwrap_or_default().to_vec();
        let position = subtree.first().map(|entry| entry.position).unwrap_or_default();
        spend(&mut self.spent, &subtree, position)?;
        let depth = depth(&subtree);
        self.anchors.insert(anchor, Anchor { subtree: Some(subtree), depth });
        Ok(())
    }
}

/// Whether a scalar is an unquoted `<<`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum MergeKey {
    Yes,
    No,
}

/// The kind of a collection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Collection {
    Mapping,
    Sequence,
}

/// Converts a key to a string, as kubectl does for numbers and booleans.
fn key_text(entry: &mut Entry<'_>) -> Result<(), ParseError> {
    let text = match &mut entry.value {
        Value::String(_) => return Ok(()),
        Value::Number(text) => std::mem::take(text),
        Value::Bool(value) => Cow::Borrowed(if *value { "true" } else { "false" }),
        Value::Null | Value::Overridden => {
            return Err(ParseError::new(entry.position, "expected a key, found null"));
        }
        Value::Sequence | Value::Mapping => {
            return Err(ParseError::new(
                entry.position,
                "expected a string as the key, found a list or an object",
            ));
        }
    };
    entry.value = Value::String(text);
    Ok(())
}

/// Charges a copy of `subtree` against the budget.
fn spend(spent: &mut usize, subtree: &[Entry<'_>], position: Position) -> Result<(), ParseError> {
    for entry in subtree {
        *spent += 1;
        if let Value::String(Cow::Owned(text)) = &entry.value {
            *spent += text.len() / 64;
        }
    }
    if *spent <= ALIAS_BUDGET {
        return Ok(());
    }
    Err(ParseError::new(
        position,
        format!("anchors and aliases expand to more than {ALIAS_BUDGET} nodes"),
    ))
}

/// Returns the nesting depth of a subtree.
fn depth(subtree: &[Entry<'_>]) -> usize {
    let (mut deepest, mut ends) = (0, Vec::new());
    for (at, entry) in subtree.iter().enumerate() {
        while ends.last().is_some_and(|&end| end <= at) {
            ends.pop();
        }
        if matches!(entry.value, Value::Sequence | Value::Mapping) {
            ends.push(at + entry.size as usize);
        }
        deepest = deepest.max(ends.len());
    }
    deepest
}

fn too_deep(position: Position) -> ParseError {
    ParseError::new(position, format!("nested deeper than {DEPTH_LIMIT} levels"))
}

fn bad_merge(position: Position) -> ParseError {
    ParseError::new(position, "expected an object, or a list of objects, after the merge key `<<`")
}
