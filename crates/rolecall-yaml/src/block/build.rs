//! Builds a document from nodes.

use super::{Nodes, Scalar, Skip, SkipRule};
use crate::build::{Builder, Collection, MergeKey};
use crate::node::{Document, Position};

/// A document under construction.
pub(super) struct Building<'a> {
    builder: Builder<'a>,
    skip_rule: Option<SkipRule>,
}

impl<'a> Building<'a> {
    pub(super) fn new(text: &str, skip_rule: Option<SkipRule>) -> Self {
        Self { builder: Builder::with_capacity_for(text), skip_rule }
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

    fn skip_rule(&self, key: &str) -> Option<Skip> {
        self.skip_rule?(key)
    }
}
