//! The tree of one document, kept flat: nodes in document order, each knowing its subtree's size.

use std::borrow::Cow;

/// One YAML or JSON document, with the position of every node.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) duplicates: Vec<DuplicateKey>,
    /// Whether nodes of it stand elsewhere than they are written.
    pub(super) moved: bool,
}

/// A key that a mapping holds twice; the later one counts, as for kubectl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// Where it stands first.
    pub earlier: Position,
    /// Where the one that counts stands.
    pub later: Position,
}

/// A place in a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The one-based line.
    pub line: u32,
    /// The one-based column, in characters.
    pub column: u32,
}

/// One node of a [`Document`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node<'d> {
    /// The node itself, then its subtree.
    entries: &'d [Entry<'d>],
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) position: Position,
    /// How many entries the subtree has, this one included.
    pub(super) size: u32,
    pub(super) value: Value<'a>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Number(Cow<'a, str>),
    String(Cow<'a, str>),
    Sequence,
    Mapping,
    /// A key that a later equal one overrides.
    Overridden,
}

impl Document<'_> {
    /// Returns the outermost node.
    pub fn root(&self) -> Node<'_> {
        Node { entries: &self.entries }
    }

    /// Returns whether each node is written where it stands: nothing has an anchor or is merged.
    pub fn is_written_out(&self) -> bool {
        !self.moved
    }

    /// Returns the keys that occur twice in a mapping, in document order.
    pub fn duplicates(&self) -> &[DuplicateKey] {
        &self.duplicates
    }
}

impl<'d> Node<'d> {
    /// Returns where the node starts.
    pub fn position(self) -> Position {
        self.entries.first().map(|entry| entry.position).unwrap_or_default()
    }

    /// Returns what the node is in the words of an error message, such as `a list`.
    pub fn describe(self) -> &'static str {
        match self.value() {
            Value::Null | Value::Overridden => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Sequence => "a list",
            Value::Mapping => "an object",
        }
    }

    /// Returns whether the node is null.
    pub fn is_null(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    /// Returns whether the node is an object.
    pub fn is_mapping(self) -> bool {
        matches!(self.value(), Value::Mapping)
    }

    /// Returns whether the node is a list.
    pub fn is_list(self) -> bool {
        matches!(self.value(), Value::Sequence)
    }

    /// Returns the text of a string.
    pub fn as_str(self) -> Option<&'d str> {
        match self.value() {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value of an object's key.
    pub fn get(self, key: &str) -> Option<Node<'d>> {
        self.pairs().find(|(candidate, _)| candidate.as_str() == Some(key)).map(|(_, value)| value)
    }

    /// Returns the keys and values of an object in their written order; nothing for other nodes.
    pub fn pairs(self) -> impl Iterator<Item = (Node<'d>, Node<'d>)> {
        let mut children = if self.is_mapping() { self.children() } else { Children::default() };
        std::iter::from_fn(move || {
            loop {
                let (key, value) = (children.next()?, children.next()?);
                if !matches!(key.value(), Value::Overridden) {
                    return Some((key, value));
                }
            }
        })
    }

    /// Returns the items of a list; nothing for other nodes.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        if self.is_list() { self.children() } else { Children::default() }
    }

    pub(super) fn value(self) -> &'d Value<'d> {
        self.entries.first().map_or(&Value::Null, |entry| &entry.value)
    }

    pub(super) fn children(self) -> Children<'d> {
        Children { entries: self.entries.get(1..).unwrap_or_default() }
    }
}

/// The direct children of a node: items, or keys and values in turn.
#[derive(Clone, Copy, Default)]
pub(super) struct Children<'d> {
    entries: &'d [Entry<'d>],
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        let size = self.entries.first()?.size as usize;
        let (node, rest) = self.entries.split_at_checked(size)?;
        self.entries = rest;
        Some(Node { entries: node })
    }
}
