//! The tree of a document in a flat form: nodes in document order, each with the size of its
//! subtree.

use std::borrow::Cow;

/// One YAML or JSON document, with the position of every node.
#[derive(Clone, Debug, PartialEq)]
pub struct Document<'a> {
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) duplicates: Vec<DuplicateKey>,
    /// Whether a node appears in a different place than it is written.
    pub(super) moved: bool,
}

/// A duplicate key in a mapping. The last one wins, as for kubectl.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// The key.
    pub key: String,
    /// The position of the first one.
    pub earlier: Position,
    /// The position of the one that wins.
    pub later: Position,
}

/// A position in a file.
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
    /// The node followed by its subtree.
    entries: &'d [Entry<'d>],
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) position: Position,
    /// The number of entries in the subtree, including this one.
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
    /// A key that is overridden by a later equal one.
    Overridden,
}

impl Document<'_> {
    /// Returns the root node.
    pub fn root(&self) -> Node<'_> {
        Node { entries: &self.entries }
    }

    /// Returns whether every node is written in its place: the document has no anchors and merges.
    pub fn is_written_out(&self) -> bool {
        !self.moved
    }

    /// Returns the duplicate keys, in document order.
    pub fn duplicates(&self) -> &[DuplicateKey] {
        &self.duplicates
    }
}

impl<'d> Node<'d> {
    /// Returns the start of the node.
    pub fn position(self) -> Position {
        self.entries.first().map(|entry| entry.position).unwrap_or_default()
    }

    /// Returns a description of the node for error messages, such as `a list`.
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

    /// Returns the keys and values of an object in their written order; empty for other nodes.
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

    /// Returns the items of a list; empty for other nodes.
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

/// The direct children of a node: items, or alternating keys and values.
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
