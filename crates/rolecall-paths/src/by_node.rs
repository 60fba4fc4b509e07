//! Values by the number of a node.

use crate::node::NodeId;

/// A map from nodes to values. The numbers of nodes are dense, so it is a list.
#[derive(Clone, Debug)]
pub(crate) struct ByNode<T>(Vec<Option<T>>);

impl<T> Default for ByNode<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ByNode<T> {
    /// Returns the value of a node.
    pub(crate) fn get(&self, node: NodeId) -> Option<&T> {
        self.0.get(node as usize)?.as_ref()
    }

    /// Returns the value of a node, to change it.
    pub(crate) fn get_mut(&mut self, node: NodeId) -> Option<&mut T> {
        self.0.get_mut(node as usize)?.as_mut()
    }

    /// Returns whether a node has a value.
    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.get(node).is_some()
    }

    /// Replaces the value of a node, and returns the one before.
    pub(crate) fn set(&mut self, node: NodeId, value: Option<T>) -> Option<T> {
        let position = node as usize;
        if position >= self.0.len() {
            value.as_ref()?;
            self.0.resize_with(position + 1, || None);
        }
        let place = self.0.get_mut(position)?;
        std::mem::replace(place, value)
    }

    /// Sets the value of a node.
    pub(crate) fn insert(&mut self, node: NodeId, value: T) {
        self.set(node, Some(value));
    }

    /// Removes the value of a node, and returns it.
    pub(crate) fn remove(&mut self, node: NodeId) -> Option<T> {
        self.set(node, None)
    }

    /// Returns the value of a node, which is created if there is none.
    pub(crate) fn or_default(&mut self, node: NodeId) -> Option<&mut T>
    where
        T: Default,
    {
        if !self.contains(node) {
            self.insert(node, T::default());
        }
        self.get_mut(node)
    }

    /// Removes all values.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the nodes with a value, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        let values = (0..).zip(&self.0);
        values.filter_map(|(node, value)| Some((node, value.as_ref()?)))
    }
}
