//! Skipped values: they are read like any other value, and then discarded.

use super::{Nodes, Scalar};
use crate::build::Collection;
use crate::node::Position;

/// Returns whether and how to skip the value of a key, if it is on the following lines. A skipped
/// value becomes null, and duplicate keys in it are not reported.
pub type SkipRule = fn(&str) -> Option<Skip>;

/// The values of a key that can be skipped.
#[derive(Clone, Copy, Debug)]
pub enum Skip {
    /// Any value.
    Anything,
    /// A list of objects whose strings all satisfy a predicate.
    ObjectsWithout(fn(&str) -> bool),
}

/// Discards the nodes of a skipped value.
pub(super) struct Discard {
    skip: Skip,
    /// The number of open collections.
    depth: usize,
}

impl Discard {
    pub(super) fn new(skip: Skip) -> Self {
        Self { skip, depth: 0 }
    }
}

impl<'a> Nodes<'a> for Discard {
    fn scalar(&mut self, _position: Position, scalar: Scalar<'a>, _length: usize) -> Option<()> {
        let Skip::ObjectsWithout(makes_no_difference) = self.skip else { return Some(()) };
        let text = match &scalar {
            Scalar::Plain(text) | Scalar::Quoted(text) => text,
            Scalar::Literal(text) => text.as_str(),
            Scalar::Empty => "",
        };
        (self.depth > 1 && makes_no_difference(text)).then_some(())
    }

    fn start(&mut self, _position: Position, collection: Collection) -> Option<()> {
        self.depth += 1;
        let may_be_there = match (self.skip, self.depth) {
            (Skip::Anything, _) | (_, 3..) => true,
            (Skip::ObjectsWithout(_), 1) => collection == Collection::Sequence,
            (Skip::ObjectsWithout(_), _) => collection == Collection::Mapping,
        };
        may_be_there.then_some(())
    }

    fn end(&mut self, _closed: Option<Position>) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        Some(())
    }
}
