//! Nodes into a document, but for the values that take no part in an answer: those are read, and not
//! kept.

use super::{Nodes, Scalar};
use crate::yaml::build::{Builder, Collection, MergeKey};
use crate::yaml::node::{Document, Position, Value};

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

/// A document that is being built.
pub(super) struct Building<'a> {
    builder: Builder<'a>,
    pass_over: Option<PassOver>,
    passed: Option<Passed>,
}

/// A value that is being passed over, or would be if it came.
struct Passed {
    aside: Aside,
    /// How many of its collections are open.
    depth: usize,
    start: Position,
}

impl<'a> Building<'a> {
    pub(super) fn new(text: &str, pass_over: Option<PassOver>) -> Self {
        Self { builder: Builder::with_room_for(text), pass_over, passed: None }
    }

    pub(super) fn finish(self) -> Document<'a> {
        self.builder.finish(Position::default())
    }
}

impl<'a> Nodes<'a> for Building<'a> {
    fn scalar(&mut self, position: Position, scalar: Scalar<'a>, _length: usize) -> Option<()> {
        match &self.passed {
            Some(Passed { depth: 0, .. }) => self.passed = None,
            Some(passed) => return passed.may_hold(&scalar).then_some(()),
            None => {}
        }
        self.builder.scalar(position, scalar.value(), 0, MergeKey::No).ok()
    }

    fn start(&mut self, position: Position, collection: Collection) -> Option<()> {
        let Some(passed) = &mut self.passed else {
            return self.builder.start(position, collection, 0).ok();
        };
        if passed.depth == 0 {
            passed.start = position;
        }
        passed.depth += 1;
        passed.may_open(collection).then_some(())
    }

    fn end(&mut self, _closed: Option<Position>) -> Option<()> {
        let Some(passed) = &mut self.passed else { return self.builder.end().ok() };
        passed.depth = passed.depth.checked_sub(1)?;
        if passed.depth > 0 {
            return Some(());
        }
        let start = passed.start;
        self.passed = None;
        self.builder.scalar(start, Value::Null, 0, MergeKey::No).ok()
    }

    fn awaits(&mut self, key: &str) {
        if self.passed.is_none() {
            let aside = self.pass_over.and_then(|pass_over| pass_over(key));
            self.passed = aside.map(|aside| Passed { aside, depth: 0, start: Position::default() });
        }
    }
}

impl Passed {
    /// Returns whether the value may hold a scalar where it is open now.
    fn may_hold(&self, scalar: &Scalar<'_>) -> bool {
        let Aside::ObjectsWithout(makes_no_difference) = self.aside else { return true };
        let text = match scalar {
            Scalar::Plain(text) | Scalar::Quoted(text) => text,
            Scalar::Literal(text) => text.as_str(),
            Scalar::Unwritten => "",
        };
        self.depth > 1 && makes_no_difference(text)
    }

    /// Returns whether the collection that was opened last may be there.
    fn may_open(&self, collection: Collection) -> bool {
        match (self.aside, self.depth) {
            (Aside::Anything, _) | (_, 3..) => true,
            (Aside::ObjectsWithout(_), 1) => collection == Collection::Sequence,
            (Aside::ObjectsWithout(_), _) => collection == Collection::Mapping,
        }
    }
}
