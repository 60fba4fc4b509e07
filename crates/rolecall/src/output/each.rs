//! Lists that are too long to copy before they are written.

use serde::{Serialize, Serializer};

/// A list whose items are converted one by one during serialization.
pub(crate) struct Each<'a, T, M> {
    items: &'a [T],
    mirror: Box<dyn Fn(&'a T) -> M + 'a>,
}

impl<'a, T, M> Each<'a, T, M> {
    /// Creates a list of the results of `mirror`.
    pub(crate) fn new(items: &'a [T], mirror: impl Fn(&'a T) -> M + 'a) -> Self {
        Self { items, mirror: Box::new(mirror) }
    }
}

impl<T, M: Serialize> Serialize for Each<'_, T, M> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(&self.mirror))
    }
}
