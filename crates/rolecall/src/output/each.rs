//! Lists too long to be mirrored before they are written.

use serde::{Serialize, Serializer};

/// A list whose items are mirrored one by one while they are written, and held by nobody.
pub(crate) struct Each<'a, T, M> {
    items: &'a [T],
    mirror: Box<dyn Fn(&'a T) -> M + 'a>,
}

impl<'a, T, M> Each<'a, T, M> {
    /// Lists what `mirror` makes of each item.
    pub(crate) fn new(items: &'a [T], mirror: impl Fn(&'a T) -> M + 'a) -> Self {
        Self { items, mirror: Box::new(mirror) }
    }
}

impl<T, M: Serialize> Serialize for Each<'_, T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(&self.mirror))
    }
}
