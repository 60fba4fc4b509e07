//! Nodes into a document.

use super::{Aside, Nodes, PassOver, Scalar};
use crate::build::{Builder, Collection, MergeKey};
use crate::node::{Document, Position};

/// A document that is being built.
pub(super) struct Building<'a> {
    builder: Builder<'a>,
    pass_over: Option<PassOver>,
}

impl<'a> Building<'a> {
    pub(super) fn new(text: &str, pass_over: Option<PassOver>) -> Self {
        Self { builder: Builder::with_room_for(text), pass_over }
    }

    pub(super) fn finish(self) -> Document<'a> {
        self.builder.finish(Position::default())
    }
}

impl<'a> Nodes<'a> for Building<'a> {
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, _length: usize) -> Option<()> {
        self.builder.scalar(position, scalar.value(), 0, MergeKey::No).ok()
    }

    fn start(&mut self, position: Position, collection: Collection) -> Option<()> {
        self.builder.start(position, collection, 0).ok()
    }

    fn end(&mut self, _closed: Option<Position>) -> Option<()> {
        self.builder.end().ok()
    }

    fn passes_over(&self, key: &str) -> Option<Aside> {
        self.pass_over?(key)
    }
}
