//! The steps of single actors as a graph.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use crate::Sink;
use crate::by_node::ByNode;
use crate::node::{Held, NodeId, Nodes};
use crate::step::{Combination, Expanded, Expander, Gathered, combine};
use crate::successor::{Derived, Successor};
use crate::ways::Ways;
use crate::world::World;

/// The nodes and what is known about them.
#[derive(Debug)]
pub(crate) struct Graph<'w> {
    pub(crate) world: World<'w>,
    pub(crate) nodes: Nodes,
    pub(crate) sink: Sink,
    expanded: ByNode<Rc<Expanded>>,
    successors: ByNode<Rc<[Successor]>>,
    pub(crate) holds: ByNode<bool>,
    /// The nodes that a search found.
    explored: ByNode<()>,
    /// The way from each node to the sink.
    pub(crate) ways: Ways,
}

impl<'w> Graph<'w> {
    pub(crate) fn new(world: World<'w>, sink: Sink) -> Self {
        Self {
            world,
            nodes: Nodes::default(),
            sink,
            expanded: ByNode::default(),
            successors: ByNode::default(),
            holds: ByNode::default(),
            explored: ByNode::default(),
            ways: Ways::default(),
        }
    }

    /// Explores the graph from some nodes, and computes the distances from the sink.
    pub(crate) fn explore(&mut self, starts: &[NodeId]) {
        let found = self.discover(starts);
        self.settle(&found);
    }

    /// Explores the graph from some nodes, and returns those that it finds first.
    pub(crate) fn discover(&mut self, starts: &[NodeId]) -> Vec<NodeId> {
        let mut found: Vec<NodeId> = Vec::new();
        let see = |graph: &mut Self, node: NodeId, found: &mut Vec<NodeId>| {
            if graph.explored.set(node, Some(())).is_none() {
                found.push(node);
            }
        };
        for start in starts {
            see(self, *start, &mut found);
        }
        let mut position = 0;
        while let Some(node) = found.get(position).copied() {
            position += 1;
            // No path leads through the sink.
            if self.holds(node) {
                continue;
            }
            let successors = self.successors(node);
            self.ways.register(node, &successors);
            for successor in successors.iter() {
                see(self, successor.target, &mut found);
            }
        }
        if let Some(journal) = self.ways.journal() {
            journal.explored.extend(&found);
        }
        found
    }

    /// Forgets that nodes were found.
    pub(crate) fn unexplore(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.explored.remove(*node);
        }
    }

    /// Removes everything that depends on the rights of a node alone.
    pub(crate) fn take_derived(&mut self, node: NodeId) -> Derived {
        Derived {
            expanded: self.expanded.remove(node),
            successors: self.successors.remove(node),
            holds: self.holds.remove(node),
        }
    }

    /// Replaces everything that depends on the rights of a node alone.
    pub(crate) fn put_derived(&mut self, node: NodeId, derived: Derived) {
        self.expanded.set(node, derived.expanded);
        self.successors.set(node, derived.successors);
        self.holds.set(node, derived.holds);
    }

    /// Lets all grants count, and forgets everything that was computed without some.
    pub(crate) fn restore_all(&mut self) {
        self.world.cut.clear();
        self.expanded.clear();
        self.successors.clear();
        self.holds.clear();
        self.forget_search();
    }

    /// Returns the steps of a node if they are known.
    pub(crate) fn known_successors(&self, node: NodeId) -> Option<&Rc<[Successor]>> {
        self.successors.get(node)
    }

    /// Searches for another sink.
    pub(crate) fn aim(&mut self, sink: Sink) {
        self.turn(sink);
        self.forget_search();
    }

    /// Computes distances from another sink among the nodes that are already explored.
    pub(crate) fn turn(&mut self, sink: Sink) {
        self.sink = sink;
        self.holds.clear();
        self.ways.forget();
    }

    /// Changes the assumption about nodes, and forgets the steps that depend on it.
    pub(crate) fn assume_nodes(&mut self, nodes: crate::Nodes) {
        let hardened = [nodes, self.world.assumptions.nodes].contains(&crate::Nodes::Hardened);
        if hardened {
            self.expanded.clear();
        }
        self.world.assumptions.nodes = nodes;
        self.successors.clear();
        self.forget_search();
    }

    /// Changes which steps to follow, and forgets those that are known.
    pub(crate) fn assume_reach(&mut self, reach: crate::Reach) {
        self.world.assumptions.reach = reach;
        self.expanded.clear();
        self.successors.clear();
        self.forget_search();
    }

    fn forget_search(&mut self) {
        self.explored.clear();
        self.ways = Ways::default();
    }

    /// Returns the nodes that were found in the search before.
    pub(crate) fn all_explored(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.explored.iter().map(|(node, ())| node)
    }

    /// Returns whether a node was found in the search before.
    pub(crate) fn is_explored(&self, node: NodeId) -> bool {
        self.explored.contains(node)
    }

    /// Returns the steps of a node on its own.
    pub(crate) fn expanded(&mut self, node: NodeId) -> Rc<Expanded> {
        if let Some(known) = self.expanded.get(node) {
            return known.clone();
        }
        let expanded = Rc::new(self.expand(&[node], &[]));
        self.expanded.insert(node, expanded.clone());
        expanded
    }

    /// Returns the steps of an actor with the rights that it granted itself.
    pub(crate) fn expand(&mut self, actors: &[NodeId], candidates: &[u32]) -> Expanded {
        Expander {
            world: &self.world,
            nodes: &mut self.nodes,
            actors,
            candidates,
            recorder: None,
            made: FxHashSet::default(),
            out: Expanded::default(),
        }
        .run()
    }

    /// Returns the members of an aggregate node.
    pub(crate) fn members(&mut self, pool: NodeId) -> Vec<NodeId> {
        self.nodes.members(&self.world, pool)
    }

    /// Returns the roles that a node holds.
    pub(crate) fn held(&mut self, node: NodeId) -> Rc<[Held]> {
        self.nodes.held(&self.world, node)
    }

    /// Returns the steps that halves make together.
    pub(crate) fn combine(
        &mut self,
        gathered: &Gathered,
        held: &[(Held, NodeId)],
    ) -> Vec<Combination> {
        combine(&self.world, &mut self.nodes, gathered, held)
    }

    /// Returns the nodes that one has along with a node or gains by one step of it alone.
    pub(crate) fn successors(&mut self, node: NodeId) -> Rc<[Successor]> {
        if let Some(known) = self.successors.get(node) {
            return known.clone();
        }
        let members = self.members(node).into_iter();
        let mut found: Vec<Successor> =
            members.map(|target| Successor { row: None, target, combination: None }).collect();
        let expanded = self.expanded(node);
        found.extend(expanded.edges.iter().map(|edge| Successor {
            row: Some(edge.row),
            target: edge.target,
            combination: None,
        }));
        if !expanded.halves.is_empty() {
            let mut gathered = Gathered::default();
            gathered.add(&expanded.halves, node);
            let held: Vec<(Held, NodeId)> = match gathered.uses_roles() {
                true => self.held(node).iter().map(|held| (*held, node)).collect(),
                false => Vec::new(),
            };
            let combined = self.combine(&gathered, &held).into_iter();
            found.extend(combined.map(|combination| Successor {
                row: Some(combination.row),
                target: combination.target,
                combination: Some(Rc::new(combination)),
            }));
        }
        let successors: Rc<[Successor]> = found.into();
        self.successors.insert(node, successors.clone());
        successors
    }
}
