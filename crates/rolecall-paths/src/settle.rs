//! Keeps the distances from the sink up to date while rights change.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use crate::graph::Graph;
use crate::node::NodeId;
use crate::ways::{Before, Kind, Learned};

impl Graph<'_> {
    /// Returns the number of steps to the sink, if it is known.
    pub(crate) fn distance(&self, node: NodeId) -> Option<u32> {
        self.ways.distance(node)
    }

    /// Returns the nodes from which the sink is reached by at least one step, in order.
    pub(crate) fn nodes_on_paths(&self) -> Vec<NodeId> {
        let far = self.ways.distance.iter().filter(|(_, steps)| **steps > 0);
        far.map(|(node, _)| node).collect()
    }

    /// Records that a node reaches the sink in some steps, and what follows for its predecessors.
    pub(crate) fn reached(&mut self, node: NodeId, steps: u32) {
        self.relax([Reverse((steps, node))].into());
    }

    /// Records a path that single actors cannot take alone, and what follows.
    pub(crate) fn learn(&mut self, node: NodeId, learned: Learned) {
        if !self.is_explored(learned.end) {
            self.explore(&[learned.end]);
        }
        let Some(rest) = self.distance(learned.end) else { return };
        let steps = learned.steps + rest;
        self.ways.learn(node, learned);
        self.reached(node, steps);
    }

    /// Computes the distances again that depend on some nodes, whose steps changed.
    pub(crate) fn settle(&mut self, changed: &[NodeId]) {
        let mut lost: Vec<NodeId> = Vec::new();
        let mut suspects: Vec<NodeId> = changed.to_vec();
        while let Some(node) = suspects.pop() {
            let Some(steps) = self.distance(node) else { continue };
            if self.is_supported(node, steps) {
                continue;
            }
            self.ways.set_distance(node, None);
            lost.push(node);
            for before in self.ways.before.get(node).into_iter().flatten() {
                if self.distance(before.node) == Some(steps + before.cost) {
                    suspects.push(before.node);
                }
            }
        }
        let mut nearest = BinaryHeap::new();
        for node in changed.iter().chain(&lost) {
            if let Some(steps) = self.shortest(*node) {
                nearest.push(Reverse((steps, *node)));
            }
        }
        self.relax(nearest);
    }

    /// Returns whether the sink is at a distance from a node.
    fn is_supported(&mut self, node: NodeId, steps: u32) -> bool {
        if self.holds(node) {
            return steps == 0;
        }
        let leads = |target: NodeId, cost: u32| {
            self.distance(target).is_some_and(|rest| rest + cost == steps)
        };
        let learned = self.ways.learned.get(&node);
        learned.is_some_and(|it| leads(it.end, it.steps))
            || self.known_successors(node).is_some_and(|successors| {
                successors.iter().any(|it| leads(it.target, u32::from(it.row.is_some())))
            })
    }

    /// Returns the distance that follows from those of a node's successors.
    fn shortest(&mut self, node: NodeId) -> Option<u32> {
        if self.holds(node) {
            return Some(0);
        }
        let learned = self.ways.learned.get(&node).map(|it| (it.end, it.steps));
        let successors = self.known_successors(node).into_iter().flat_map(|it| it.iter());
        let steps = successors.map(|it| (it.target, u32::from(it.row.is_some())));
        let all = steps.chain(learned);
        all.filter_map(|(target, cost)| Some(self.distance(target)? + cost)).min()
    }

    /// Records distances, nearest first, and what follows for the nodes before them.
    fn relax(&mut self, mut nearest: BinaryHeap<Reverse<(u32, NodeId)>>) {
        while let Some(Reverse((steps, node))) = nearest.pop() {
            if self.distance(node).is_some_and(|known| known <= steps) {
                continue;
            }
            self.ways.set_distance(node, Some(steps));
            for before in self.ways.before.get(node).into_iter().flatten() {
                let all = steps + before.cost;
                let is_shorter = self.distance(before.node).is_none_or(|known| all < known);
                if is_shorter && self.leads(*before, node) {
                    nearest.push(Reverse((all, before.node)));
                }
            }
        }
    }

    /// Returns whether a node still has a step.
    fn leads(&self, before: Before, target: NodeId) -> bool {
        if before.kind == Kind::Learned {
            let learned = self.ways.learned.get(&before.node);
            return learned.is_some_and(|it| (it.end, it.steps) == (target, before.cost));
        }
        let Some(now) =
            self.known_successors(before.node).filter(|_| self.is_explored(before.node))
        else {
            return false;
        };
        let registered = self.ways.registered.get(before.node);
        let is_unchanged =
            before.kind == Kind::Registered && registered.is_some_and(|it| Rc::ptr_eq(it, now));
        is_unchanged || now.iter().any(|successor| successor.target == target)
    }
}
