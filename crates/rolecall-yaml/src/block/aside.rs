//! Values that take no part in an answer: they are read as all else, and not kept.

use super::{Nodes, Scalar};
use crate::build::Collection;
use crate::node::Position;

/// Tells of a key whether its value may be passed over where it stands on the lines below: then it is
/// null, and what stands twice in it is not told.
pub type PassOver = fn(&str) -> Option<Aside>;

/// What is passed over.
#[derive(Clone, Copy, Debug)]
pub enum Aside {
    /// Whatever it is.
    Anything,
    /// A list of objects of whose texts a function says that each makes no difference.
    ObjectsWithout(fn(&str) -> bool),
}

/// A value that is being passed over.
pub(super) struct Passing {
    aside: Aside,
    /// How many of its collections are open.
    depth: usize,
}

impl Passing {
    pub(super) fn new(aside: Aside) -> Self {
        Self { aside, depth: 0 }
    }
}

impl<'a> Nodes<'a> for Passing {
    fn scalar(&mut self, _position: Position, scalar: Scalar<'a>, _length: usize) -> Option<()> {
        let Aside::ObjectsWithout(makes_no_difference) = self.aside else { return Some(()) };
        let text = match &scalar {
            Scalar::Plain(text) | Scalar::Quoted(text) => text,
            Scalar::Literal(text) => text.as_str(),
            Scalar::Unwritten => "",
        };
        (self.depth > 1 && makes_no_difference(text)).then_some(())
    }

    fn start(&mut self, _position: Position, collection: Collection) -> Option<()> {
        self.depth += 1;
        let may_be_there = match (self.aside, self.depth) {
            (Aside::Anything, _) | (_, 3..) => true,
            (Aside::ObjectsWithout(_), 1) => collection == Collection::Sequence,
            (Aside::ObjectsWithout(_), _) => collection == Collection::Mapping,
        };
        may_be_there.then_some(())
    }

    fn end(&mut self, _closed: Option<Position>) -> Option<()> {
        self.depth = self.depth.checked_sub(1)?;
        Some(())
    }
}
