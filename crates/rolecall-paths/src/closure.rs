//! The closure of a position: everything that it can become, with the steps that lead there.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::Row;
use crate::graph::Graph;
use crate::node::{Held, Node, NodeId};
use crate::step::{Combination, Gathered};

/// The reason why a position contains a node.
#[derive(Clone, Debug)]
pub(crate) enum Cause {
    /// It is a start.
    Start,
    /// It is a member of an aggregate node.
    Member(NodeId),
    /// A step of an actor with the rights that the position granted itself, and with roles whose
    /// rules it holds.
    Step { row: Row, actors: Rc<[NodeId]>, candidates: Rc<[u32]> },
    /// A step that consists of several requests.
    Combination { step: Rc<Combination>, granted: Rc<[NodeId]> },
}

/// A position that contains its starts and is closed under the rows, or ends at the sink.
#[derive(Debug, Default)]
pub(crate) struct Closure {
    /// The nodes, in the order of the number of steps.
    pub(crate) order: Vec<NodeId>,
    pub(crate) causes: FxHashMap<NodeId, Cause>,
    /// The first node that is the sink, or from which the way to it is known.
    pub(crate) end: Option<NodeId>,
    gathered: Gathered,
    /// The identities.
    agents: Vec<NodeId>,
    /// The identities that meet needs which must be met together with others.
    joint_agents: Vec<NodeId>,
    /// The rights that the position granted itself.
    granted: Vec<NodeId>,
    /// The nodes that the next round starts from.
    next: Vec<NodeId>,
}

impl Closure {
    /// Computes the closure of some nodes.
    pub(crate) fn of(graph: &mut Graph<'_>, starts: &[NodeId]) -> Self {
        let mut closure = Self::default();
        for start in starts {
            closure.add(graph, *start, || Cause::Start);
        }
        while closure.end.is_none() {
            let round = std::mem::take(&mut closure.next);
            if round.is_empty() && !closure.complete(graph) {
                break;
            }
            closure.expand(graph, &round);
            closure.combine(graph);
        }
        closure
    }

    /// Returns the nodes on whose rights the steps to the end depend.
    pub(crate) fn support(&self) -> Vec<NodeId> {
        let mut seen: FxHashSet<NodeId> = FxHashSet::default();
        let mut queue: Vec<NodeId> = self.end.into_iter().collect();
        let mut actors: FxHashSet<NodeId> = FxHashSet::default();
        while let Some(node) = queue.pop() {
            if !seen.insert(node) {
                continue;
            }
            match self.causes.get(&node) {
                Some(Cause::Start) | None => {}
                Some(Cause::Member(pool)) => queue.push(*pool),
                Some(Cause::Step { actors: of_step, .. }) => {
                    actors.extend(of_step.iter());
                    queue.extend(of_step.iter());
                }
                Some(Cause::Combination { step, granted }) => {
                    let parts = step.parts.iter().map(|part| part.0).chain(step.holder);
                    for actor in parts.chain(granted.iter().copied()) {
                        actors.insert(actor);
                        queue.push(actor);
                    }
                }
            }
        }
        let mut actors: Vec<NodeId> = actors.into_iter().collect();
        actors.sort_unstable();
        actors
    }

    fn add(&mut self, graph: &mut Graph<'_>, node: NodeId, cause: impl FnOnce() -> Cause) {
        if !self.causes.contains_key(&node) {
            self.insert(graph, node, cause());
        }
    }

    fn insert(&mut self, graph: &mut Graph<'_>, node: NodeId, cause: Cause) {
        if self.end.is_some() || self.causes.contains_key(&node) {
            return;
        }
        self.causes.insert(node, cause);
        self.order.push(node);
        if graph.distance(node).is_some() || graph.holds(node) {
            self.end = Some(node);
            return;
        }
        self.next.push(node);
        match graph.nodes.get(node) {
            Node::Agent(_) => self.agents.push(node),
            Node::Borrowed(..) => self.joint_agents.push(node),
            Node::Granted(..) | Node::Everything(_) => self.granted.push(node),
            _ => {
                for member in graph.members(node) {
                    self.insert(graph, member, Cause::Member(node));
                }
            }
        }
    }

    fn expand(&mut self, graph: &mut Graph<'_>, round: &[NodeId]) {
        for node in round {
            let expanded = graph.expanded(*node);
            if expanded.combines && graph.nodes.identity(*node).is_some() {
                self.joint_agents.push(*node);
            }
            self.gathered.add(&expanded.halves, *node);
            for edge in &expanded.edges {
                self.add(graph, edge.target, || Cause::Step {
                    row: edge.row,
                    actors: [*node].into(),
                    candidates: [].into(),
                });
            }
        }
    }

    fn combine(&mut self, graph: &mut Graph<'_>) {
        if self.end.is_some() {
            return;
        }
        let held = match self.gathered.uses_roles() {
            true => self.held(graph),
            false => Vec::new(),
        };
        for combination in graph.combine(&self.gathered, &held) {
            let granted = || -> Rc<[NodeId]> { self.granted.as_slice().into() };
            let granted = granted();
            self.add(graph, combination.target, || Cause::Combination {
                step: Rc::new(combination),
                granted,
            });
        }
    }

    fn held(&self, graph: &mut Graph<'_>) -> Vec<(Held, NodeId)> {
        let holders = self.agents.iter().chain(&self.granted);
        let held = holders.flat_map(|node| {
            let held = graph.held(*node);
            held.iter().map(|held| (*held, *node)).collect::<Vec<_>>()
        });
        held.collect()
    }

    /// Adds the steps that identities can take only with rights that the position granted itself,
    /// or that it can grant itself because it holds the rules of a role. Returns whether it found
    /// any.
    fn complete(&mut self, graph: &mut Graph<'_>) -> bool {
        let before = self.order.len();
        let halves = self.gathered.clone();
        let is_joint = !self.joint_agents.is_empty();
        if is_joint && !self.granted.is_empty() {
            for agent in self.joint_agents.clone() {
                self.expand_with(graph, agent, &[]);
            }
        }
        if self.order.len() == before && is_joint {
            let candidates = self.candidates(graph);
            if !candidates.is_empty() {
                for agent in self.joint_agents.clone() {
                    self.expand_with(graph, agent, &candidates);
                }
            }
        }
        self.order.len() > before || self.gathered.differs(&halves)
    }

    fn expand_with(&mut self, graph: &mut Graph<'_>, agent: NodeId, candidates: &[u32]) {
        let mut actors = vec![agent];
        actors.extend(&self.granted);
        let expanded = graph.expand(&actors, candidates);
        self.gathered.add(&expanded.halves, agent);
        let actors: Rc<[NodeId]> = actors.into();
        for edge in expanded.edges {
            self.add(graph, edge.target, || Cause::Step {
                row: edge.row,
                actors: actors.clone(),
                candidates: candidates.into(),
            });
        }
    }

    /// Returns the roles that are worth granting to oneself because other identities of the
    /// position can use their rules, or because the position can change them.
    fn candidates(&self, graph: &mut Graph<'_>) -> Vec<u32> {
        let rewrites = self.gathered.uses_roles();
        if !rewrites && !self.helps_to_share(graph) {
            return Vec::new();
        }
        let roles = graph.world.roles.iter().zip(0..);
        let worth = roles.filter(|(facts, role)| {
            let is_joint = facts.needs.iter().any(|rule| rule.is_joint());
            is_joint || (rewrites && self.gathered.changes(&graph.world, *role))
        });
        worth.map(|(_, role)| role).collect()
    }

    /// Returns whether an identity with the rights of all identities of the position could take a
    /// step that the position cannot.
    fn helps_to_share(&self, graph: &mut Graph<'_>) -> bool {
        if self.joint_agents.len() < 2 {
            return false;
        }
        let mut actors = self.joint_agents.clone();
        actors.retain(|agent| graph.nodes.identity(*agent).is_some());
        actors.extend(&self.granted);
        let expanded = graph.expand(&actors, &[]);
        let mut gathered = self.gathered.clone();
        gathered.add(&expanded.halves, NodeId::MAX);
        gathered.differs(&self.gathered)
            || expanded.edges.iter().any(|edge| !self.causes.contains_key(&edge.target))
    }
}
