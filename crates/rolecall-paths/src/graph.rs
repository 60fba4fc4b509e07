//! The steps of single actors as a graph, and the distance of each node from the sink.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::rc::Rc;

use rolecall_rbac::{Identity, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::caps::ScopedCaps;
use crate::need::{Resource, Verb};
use crate::node::{Held, Node, NodeId, Nodes, Scope};
use crate::step::{Combination, Expanded, Expander, Gathered, combine};
use crate::world::{NamespaceId, World};
use crate::{Row, Sink};

/// A step of a single actor, or a member of an aggregate node.
#[derive(Clone, Debug)]
pub(crate) struct Successor {
    /// The row; `None` for a member.
    pub(crate) row: Option<Row>,
    pub(crate) target: NodeId,
    /// The step, if it consists of several requests.
    pub(crate) combination: Option<Rc<Combination>>,
}

/// Where a sink needs every right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Cluster,
    /// In each namespace.
    Each,
    In(NamespaceId),
}

/// The nodes and what is known about them.
#[derive(Debug)]
pub(crate) struct Graph<'w> {
    pub(crate) world: World<'w>,
    pub(crate) nodes: Nodes,
    pub(crate) sink: Sink,
    expanded: FxHashMap<NodeId, Rc<Expanded>>,
    successors: FxHashMap<NodeId, Rc<[Successor]>>,
    holds: FxHashMap<NodeId, bool>,
    /// The number of steps from each node to the sink, as far as known.
    distance: FxHashMap<NodeId, u32>,
    /// The actors with steps to each node that was explored.
    predecessors: FxHashMap<NodeId, Vec<(NodeId, u32)>>,
}

impl<'w> Graph<'w> {
    pub(crate) fn new(world: World<'w>, sink: Sink) -> Self {
        Self {
            world,
            nodes: Nodes::default(),
            sink,
            expanded: FxHashMap::default(),
            successors: FxHashMap::default(),
            holds: FxHashMap::default(),
            distance: FxHashMap::default(),
            predecessors: FxHashMap::default(),
        }
    }

    /// Explores the graph from some nodes, and computes the distances from the sink.
    pub(crate) fn explore(&mut self, starts: &[NodeId]) {
        let mut queue: VecDeque<NodeId> = VecDeque::new();
        let mut sinks = Vec::new();
        let mut see = |graph: &mut Self, node: NodeId, queue: &mut VecDeque<NodeId>| {
            if let Entry::Vacant(entry) = graph.predecessors.entry(node) {
                entry.insert(Vec::new());
                queue.push_back(node);
                if graph.holds(node) {
                    sinks.push(node);
                }
            }
        };
        for start in starts {
            see(self, *start, &mut queue);
        }
        while let Some(node) = queue.pop_front() {
            // No path leads through the sink.
            if self.holds(node) {
                continue;
            }
            for successor in self.successors(node).iter() {
                see(self, successor.target, &mut queue);
                let cost = u32::from(successor.row.is_some());
                let before = self.predecessors.entry(successor.target).or_default();
                before.push((node, cost));
            }
        }
        for sink in sinks {
            self.reached(sink, 0);
        }
    }

    /// Records that a node reaches the sink in some steps, and what follows for its predecessors.
    pub(crate) fn reached(&mut self, node: NodeId, steps: u32) {
        let mut queue = std::collections::BinaryHeap::new();
        queue.push(Reverse((steps, node)));
        while let Some(Reverse((steps, node))) = queue.pop() {
            if self.distance.get(&node).is_some_and(|known| *known <= steps) {
                continue;
            }
            self.distance.insert(node, steps);
            for (before, cost) in self.predecessors.get(&node).into_iter().flatten() {
                queue.push(Reverse((steps + cost, *before)));
            }
        }
    }

    /// Forgets everything that depends on the rights of some nodes, and all distances.
    pub(crate) fn forget(&mut self, nodes: &[NodeId]) {
        for node in nodes {
            self.expanded.remove(node);
            self.successors.remove(node);
            self.holds.remove(node);
        }
        self.distance.clear();
        self.predecessors.clear();
    }

    /// Searches for another sink.
    pub(crate) fn aim(&mut self, sink: Sink) {
        self.turn(sink);
        self.predecessors.clear();
    }

    /// Computes distances from another sink among the nodes that are already explored.
    pub(crate) fn turn(&mut self, sink: Sink) {
        self.sink = sink;
        self.holds.clear();
        self.distance.clear();
    }

    /// Changes what is assumed about nodes, and forgets the steps that depend on it.
    pub(crate) fn assume_nodes(&mut self, nodes: crate::Nodes) {
        let hardened = [nodes, self.world.assumptions.nodes].contains(&crate::Nodes::Hardened);
        if hardened {
            self.expanded.clear();
        }
        self.world.assumptions.nodes = nodes;
        self.successors.clear();
        self.distance.clear();
        self.predecessors.clear();
    }

    /// Returns whether a node was found in the search before.
    pub(crate) fn is_explored(&self, node: NodeId) -> bool {
        self.predecessors.contains_key(&node)
    }

    /// Returns the nodes from which the sink is reached by at least one step, in order.
    pub(crate) fn nodes_on_paths(&self) -> Vec<NodeId> {
        let far = self.distance.iter().filter(|(_, steps)| **steps > 0);
        let mut nodes: Vec<NodeId> = far.map(|(node, _)| *node).collect();
        nodes.sort_unstable();
        nodes
    }

    /// Returns the number of steps to the sink, if it is known.
    pub(crate) fn distance(&self, node: NodeId) -> Option<u32> {
        self.distance.get(&node).copied()
    }

    /// Returns the steps of a node on its own.
    pub(crate) fn expanded(&mut self, node: NodeId) -> Rc<Expanded> {
        if let Some(known) = self.expanded.get(&node) {
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
        if let Some(known) = self.successors.get(&node) {
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

    /// Returns whether a node alone is or holds the sink.
    pub(crate) fn holds(&mut self, node: NodeId) -> bool {
        if let Some(known) = self.holds.get(&node) {
            return *known;
        }
        let holds = self.is_sink(node);
        self.holds.insert(node, holds);
        holds
    }

    fn is_sink(&mut self, id: NodeId) -> bool {
        let node = self.nodes.get(id).clone();
        let identity = match &node {
            Node::Agent(identity) => Some(identity.clone()),
            _ => None,
        };
        match self.sink.clone() {
            Sink::ClusterAdmin => self.has_everything(id, &node, None),
            Sink::Namespace(namespace) => self.has_everything(id, &node, Some(&namespace)),
            Sink::Secrets(namespace) => {
                self.has_everything(id, &node, namespace.as_ref())
                    || self.reads_secrets(id, &node, namespace.as_ref())
            }
            Sink::Node => node == Node::Root,
            Sink::ServiceAccount { namespace, name } => identity
                .is_some_and(|it| it.user == Identity::service_account(&namespace, &name).user),
            Sink::User(name) => identity.is_some_and(|it| it.user == name),
            Sink::Group(name) => identity.is_some_and(|it| it.is_in(&name)),
        }
    }

    /// Returns whether a node holds every right, everywhere or in a namespace.
    fn has_everything(&mut self, id: NodeId, node: &Node, namespace: Option<&Text>) -> bool {
        let place = match namespace {
            None => Where::Cluster,
            Some(name) if **name == *"*" => Where::Each,
            // In a namespace without objects, only rights in every namespace count.
            Some(name) => self.world.namespace_id(name).map_or(Where::Each, Where::In),
        };
        let is_there = |scope: Scope| match (scope, place) {
            (Scope::Cluster, _) => true,
            (Scope::Each, place) => place != Where::Cluster,
            (Scope::In(own), place) => place == Where::In(own),
        };
        match node {
            Node::ClusterAdmin => true,
            Node::Everything(scope) => is_there(*scope),
            Node::Agent(identity) if identity.is_privileged() => true,
            Node::Agent(_) | Node::Granted(..) => {
                let identity = self.nodes.identity(id).cloned();
                self.held(id).iter().any(|held| {
                    let facts = self.world.role_facts(held.role);
                    is_there(held.scope)
                        && facts.is_some_and(|facts| {
                            let mut rules = facts.everything.iter();
                            rules.any(|rule| !self.world.is_cut(held, *rule, identity.as_ref()))
                        })
                })
            }
            _ => false,
        }
    }

    /// Returns whether a node can read all Secrets, everywhere or in a namespace.
    fn reads_secrets(&mut self, id: NodeId, node: &Node, namespace: Option<&Text>) -> bool {
        if !matches!(node, Node::Agent(_) | Node::Granted(..)) {
            return false;
        }
        let caps = ScopedCaps::new(&self.world, &mut self.nodes, &[id]);
        let caps = match namespace {
            None => &caps.cluster,
            Some(name) => match self.world.namespace_id(name) {
                Some(namespace) => caps.in_namespace(namespace),
                None => &caps.each,
            },
        };
        let names = |verb| caps.names(Resource::Secrets, verb);
        names(Verb::Get).any || names(Verb::List).unnamed || names(Verb::Watch).unnamed
    }
}
