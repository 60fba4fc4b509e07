//! The distance of each node from the sink, and the steps backward.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::by_node::ByNode;
use crate::node::NodeId;
use crate::successor::{Derived, Successor};

/// The distances from the sink, and the steps backward.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    /// The number of steps from each node to the sink, as far as known.
    pub(crate) distance: ByNode<u32>,
    /// The nodes with steps to each node. Some of the steps can be gone.
    pub(crate) before: ByNode<Vec<Before>>,
    /// The steps of each node that are in `before`.
    pub(crate) registered: ByNode<Rc<[Successor]>>,
    /// Further steps in `before`.
    further: FxHashSet<(NodeId, NodeId)>,
    /// The learned paths in `before`: start, end and the number of steps.
    further_learned: FxHashSet<(NodeId, NodeId, u32)>,
    /// The paths that single actors cannot take alone, by their starts.
    pub(crate) learned: FxHashMap<NodeId, Rc<Learned>>,
    /// The starts of these paths, by the identities on whose rights they depend.
    dependents: FxHashMap<NodeId, Vec<NodeId>>,
    /// The changes since a trial began.
    journal: Option<Journal>,
}

/// A path on which several actors take a step together, up to a node from which the way is known.
#[derive(Debug)]
pub(crate) struct Learned {
    /// The node.
    pub(crate) end: NodeId,
    /// The number of steps to it.
    pub(crate) steps: u32,
    /// The nodes on whose rights the steps depend.
    pub(crate) actors: Vec<NodeId>,
}

/// A node with a step to another one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) node: NodeId,
    pub(crate) cost: u32,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A step that is registered, which is gone only if the node has other steps now.
    Registered,
    /// A further step.
    Further,
    /// A path that was learned.
    Learned,
}

/// The values before a trial, in the order of the changes.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    pub(crate) derived: Vec<(NodeId, Derived)>,
    pub(crate) explored: Vec<NodeId>,
    distances: Vec<(NodeId, Option<u32>)>,
    learned: Vec<(NodeId, Option<Rc<Learned>>)>,
}

impl Ways {
    /// Remembers who has the steps of a node.
    pub(crate) fn register(&mut self, node: NodeId, successors: &Rc<[Successor]>) {
        let known = self.registered.get(node);
        if known.is_some_and(|known| Rc::ptr_eq(known, successors)) {
            return;
        }
        let known: Option<FxHashSet<NodeId>> =
            known.map(|known| known.iter().map(|successor| successor.target).collect());
        for successor in successors.iter() {
            let target = successor.target;
            let cost = u32::from(successor.row.is_some());
            let kind = match &known {
                None => Kind::Registered,
                Some(known) if known.contains(&target) => continue,
                Some(_) if self.further.insert((node, target)) => Kind::Further,
                Some(_) => continue,
            };
            if let Some(before) = self.before.or_default(target) {
                before.push(Before { node, cost, kind });
            }
        }
        if known.is_none() {
            self.registered.insert(node, successors.clone());
        }
    }

    /// Forgets the distances.
    pub(crate) fn forget(&mut self) {
        self.distance.clear();
        self.learned.clear();
        self.dependents.clear();
    }

    /// Returns the number of steps to the sink, if it is known.
    pub(crate) fn distance(&self, node: NodeId) -> Option<u32> {
        self.distance.get(node).copied()
    }

    /// Replaces the number of steps to the sink.
    pub(crate) fn set_distance(&mut self, node: NodeId, steps: Option<u32>) {
        let before = self.distance.set(node, steps);
        if let Some(journal) = &mut self.journal {
            journal.distances.push((node, before));
        }
    }

    /// Begins a trial: from now on, changes are recorded.
    pub(crate) fn begin(&mut self) {
        self.journal = Some(Journal::default());
    }

    /// Returns the record of a trial, if one goes on.
    pub(crate) fn journal(&mut self) -> Option<&mut Journal> {
        self.journal.as_mut()
    }

    /// Ends a trial, and restores the distances and the learned paths before it.
    pub(crate) fn end(&mut self) -> Journal {
        let mut journal = self.journal.take().unwrap_or_default();
        for (node, steps) in std::mem::take(&mut journal.distances).into_iter().rev() {
            self.distance.set(node, steps);
        }
        for (node, before) in std::mem::take(&mut journal.learned).into_iter().rev() {
            let during = match before {
                Some(before) => self.learned.insert(node, before),
                None => self.learned.remove(&node),
            };
            for actor in during.iter().flat_map(|learned| &learned.actors) {
                self.dependents.entry(*actor).or_default().pop();
            }
        }
        journal
    }

    /// Remembers a path that single actors cannot take alone.
    pub(crate) fn learn(&mut self, node: NodeId, learned: Learned) {
        if self.further_learned.insert((node, learned.end, learned.steps))
            && let Some(before) = self.before.or_default(learned.end)
        {
            before.push(Before { node, cost: learned.steps, kind: Kind::Learned });
        }
        for actor in &learned.actors {
            self.dependents.entry(*actor).or_default().push(node);
        }
        let before = self.learned.insert(node, Rc::new(learned));
        if let Some(journal) = &mut self.journal {
            journal.learned.push((node, before));
        }
    }

    /// Forgets the learned paths that depend on some nodes, and returns their starts.
    pub(crate) fn unlearn(&mut self, actors: &[NodeId]) -> Vec<NodeId> {
        if self.learned.is_empty() {
            return Vec::new();
        }
        let mut starts = Vec::new();
        let dependents = actors.iter().filter_map(|actor| self.dependents.get(actor));
        for start in dependents.flatten() {
            if let Some(learned) = self.learned.remove(start) {
                starts.push(*start);
                if let Some(journal) = &mut self.journal {
                    journal.learned.push((*start, Some(learned)));
                }
            }
        }
        starts
    }

    /// Forgets all learned paths, and returns their starts.
    pub(crate) fn unlearn_all(&mut self) -> Vec<NodeId> {
        self.dependents.clear();
        std::mem::take(&mut self.learned).into_keys().collect()
    }
}
