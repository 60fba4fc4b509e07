//! The positions that starts reach by steps of single identities, and what their identities gain
//! only together.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::closure::Closure;
use crate::graph::Graph;
use crate::node::{Node, NodeId};
use crate::step::Half;

impl Graph<'_> {
    /// Groups starts whose positions have the same rights: what their identities gain together is
    /// the same, too.
    pub(crate) fn by_rights(&mut self, starts: &[NodeId]) -> Vec<Vec<NodeId>> {
        let mut groups: BTreeMap<Vec<NodeId>, Vec<NodeId>> = BTreeMap::new();
        let mut marks = Marks::default();
        for start in starts {
            let position = self.position(*start, &mut marks);
            groups.entry(self.rights_of(position)).or_default().push(*start);
        }
        groups.into_values().collect()
    }

    /// Returns the nodes of the closure of a start that no single identity leads to.
    pub(crate) fn gained_together(&mut self, start: NodeId) -> Vec<NodeId> {
        let closure = Closure::of(self, &[start]);
        let alone: FxHashSet<NodeId> =
            self.position(start, &mut Marks::default()).into_iter().collect();
        closure.order.into_iter().filter(|node| !alone.contains(node)).collect()
    }

    /// Returns a start and the nodes that it reaches by steps of single identities.
    fn position(&mut self, start: NodeId, marks: &mut Marks) -> Vec<NodeId> {
        marks.begin();
        marks.is_new(start);
        let mut found = vec![start];
        let mut position = 0;
        while let Some(node) = found.get(position).copied() {
            position += 1;
            let successors = self.successors(node);
            let targets = successors.iter().map(|successor| successor.target);
            found.extend(targets.filter(|target| marks.is_new(*target)));
        }
        found
    }

    /// Returns the nodes of a position that affect the steps of several identities,
    /// sorted.
    fn rights_of(&mut self, mut position: Vec<NodeId>) -> Vec<NodeId> {
        // A position that can change roles gains from every role that it holds.
        let changes_roles = |half: &Half| {
            matches!(half, Half::RewriteRole(..) | Half::RewriteClusterRole(_) | Half::Label(..))
        };
        let counts_roles =
            position.iter().any(|node| self.expanded(*node).halves.iter().any(changes_roles));
        position.retain(|node| match self.nodes.get(*node) {
            Node::Granted(..) | Node::Everything(_) | Node::Borrowed(..) => true,
            _ => {
                let expanded = self.expanded(*node);
                expanded.combines
                    || !expanded.halves.is_empty()
                    || (counts_roles && !self.held(*node).is_empty())
            }
        });
        position.sort_unstable();
        position
    }
}

/// The nodes that a search has seen; starting the next search takes no time.
#[derive(Debug, Default)]
struct Marks {
    search: u32,
    seen_in: Vec<u32>,
}

impl Marks {
    fn begin(&mut self) {
        self.search += 1;
    }

    /// Marks a node, and returns whether this search had not seen it.
    fn is_new(&mut self, node: NodeId) -> bool {
        let position = node as usize;
        if position >= self.seen_in.len() {
            self.seen_in.resize(position + 1, 0);
        }
        let Some(mark) = self.seen_in.get_mut(position) else { return false };
        std::mem::replace(mark, self.search) != self.search
    }
}
