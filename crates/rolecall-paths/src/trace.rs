//! From nodes and causes to the steps of a path.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::Row;
use crate::closure::{Cause, Closure};
use crate::explain::explain;
use crate::graph::Graph;
use crate::node::{Node, NodeId};
use crate::path::Step;
use crate::raw_step::{RawStep, StepKey};
use crate::ways::Learned;

/// The paths of nodes from which the way to the sink is known.
#[derive(Debug, Default)]
pub(crate) struct Traces<'w> {
    /// The paths that single actors cannot take alone.
    known: FxHashMap<NodeId, Rc<[RawStep]>>,
    /// The members of aggregate nodes that paths use, by their distance from the sink.
    members: FxHashMap<(NodeId, u32), NodeId>,
    /// The first steps of single actors, by their distance from the sink.
    nearest: FxHashMap<(NodeId, u32), RawStep>,
    /// The evidence of steps after the first one that identities take alone, which paths share.
    explained: FxHashMap<StepKey, (RawStep, Step<'w>)>,
}

impl<'w> Traces<'w> {
    /// Returns the steps from an identity to the sink, with their evidence.
    pub(crate) fn steps(&mut self, graph: &mut Graph<'w>, start: NodeId) -> Arc<[Step<'w>]> {
        let raw = self.trace(graph, start);
        let gained: Vec<NodeId> = raw.iter().map(|step| step.gained).collect();
        let steps = raw.iter().enumerate().map(|(position, step)| {
            let is_shared = position > 0
                && step.actors.len() == 1
                && graph.nodes.identity(step.actor()).is_some();
            if !is_shared {
                return explain(graph, start, &gained, step);
            }
            let known = self.explained.entry(step.key());
            let known =
                known.or_insert_with(|| (step.clone(), explain(graph, start, &gained, step)));
            known.1.clone()
        });
        steps.collect()
    }

    /// Returns the steps from a node to the sink along the known distances.
    pub(crate) fn trace(&mut self, graph: &mut Graph<'w>, start: NodeId) -> Vec<RawStep> {
        let mut steps = Vec::new();
        let mut node = start;
        while let Some(distance) = graph.distance(node).filter(|distance| *distance > 0) {
            if let Some(known) = self.known.get(&node)
                && known.len() == distance as usize
            {
                steps.extend(known.iter().cloned());
                break;
            }
            let Some(step) = self.nearest(graph, node, distance) else { break };
            node = step.gained;
            steps.push(step);
        }
        steps
    }

    /// Returns the first step of a shortest path of single actors.
    fn nearest(&mut self, graph: &mut Graph<'_>, node: NodeId, distance: u32) -> Option<RawStep> {
        if let Some(known) = self.nearest.get(&(node, distance)) {
            return Some(known.clone());
        }
        let mut best: Option<(Row, String, RawStep)> = None;
        for successor in graph.successors(node).iter() {
            let Some(row) = successor.row else { continue };
            if graph.distance(successor.target) != Some(distance - 1) {
                continue;
            }
            if best.as_ref().is_some_and(|(known, ..)| *known < row) {
                continue;
            }
            let gained = self.member_at(graph, successor.target, distance - 1);
            let name = label(graph, gained);
            if best.as_ref().is_some_and(|(known, other, _)| (*known, other) <= (row, &name)) {
                continue;
            }
            let step = RawStep {
                row,
                actors: [node].into(),
                candidates: [].into(),
                target: successor.target,
                gained,
                combination: successor.combination.clone(),
            };
            best = Some((row, name, step));
        }
        let (.., step) = best?;
        self.nearest.insert((node, distance), step.clone());
        Some(step)
    }

    /// Returns the first member of an aggregate node at a distance; another node is returned itself.
    fn member_at(&mut self, graph: &mut Graph<'_>, node: NodeId, distance: u32) -> NodeId {
        if graph.holds(node) {
            return node;
        }
        if let Some(known) = self.members.get(&(node, distance)) {
            return *known;
        }
        let mut best: Option<(String, NodeId)> = None;
        let successors = graph.successors(node);
        let members = successors.iter().filter(|successor| successor.row.is_none());
        for member in members.map(|successor| successor.target) {
            if graph.distance(member) == Some(distance) {
                let member = self.member_at(graph, member, distance);
                let candidate = (label(graph, member), member);
                if best.as_ref().is_none_or(|best| candidate < *best) {
                    best = Some(candidate);
                }
            }
        }
        let found = best.map_or(node, |(_, member)| member);
        self.members.insert((node, distance), found);
        found
    }

    /// Records the path that a closure found, if it found one.
    pub(crate) fn learn(&mut self, graph: &mut Graph<'w>, start: NodeId, closure: &Closure) {
        let Some(end) = closure.end else { return };
        let mut all = slice(closure, end);
        let steps = all.len() as u32;
        // The way leads on from a member of an aggregate node.
        let member = match graph.distance(end) {
            Some(distance) => self.member_at(graph, end, distance),
            None => end,
        };
        if let Some(last) = all.iter_mut().rfind(|step| step.gained == end) {
            last.gained = member;
        }
        all.extend(self.trace(graph, member));
        self.known.insert(start, all.into());
        graph.learn(start, Learned { end, steps, actors: closure.support() });
    }
}

/// Returns the name by which ties are decided.
fn label(graph: &Graph<'_>, node: NodeId) -> String {
    match graph.nodes.get(node) {
        Node::Agent(identity) => crate::Subject::of(identity).to_string(),
        Node::Granted(role, scope) => {
            let role = graph.world.role(*role).map(|it| &it.metadata);
            let (namespace, name) =
                role.map_or(("", ""), |metadata| (&metadata.namespace, &metadata.name));
            format!("{namespace}/{name} {scope:?}")
        }
        other => format!("{other:?}"),
    }
}

/// Returns the steps that lead to a node of a closure, in order.
fn slice(closure: &Closure, end: NodeId) -> Vec<RawStep> {
    let mut needed: BTreeSet<usize> = BTreeSet::new();
    let positions: FxHashMap<NodeId, usize> =
        closure.order.iter().enumerate().map(|(position, node)| (*node, position)).collect();
    let mut queue = vec![end];
    while let Some(node) = queue.pop() {
        let Some(position) = positions.get(&node) else { continue };
        if !needed.insert(*position) {
            continue;
        }
        match closure.causes.get(&node) {
            Some(Cause::Start) | None => {}
            Some(Cause::Member(pool)) => queue.push(*pool),
            Some(Cause::Step { actors, .. }) => queue.extend(actors.iter()),
            Some(Cause::Combination { step, .. }) => {
                queue.extend(step.parts.iter().map(|part| part.0));
                queue.extend(step.holder);
            }
        }
    }
    let nodes: Vec<NodeId> =
        needed.iter().filter_map(|position| closure.order.get(*position)).copied().collect();
    let parent = |node: &NodeId| match closure.causes.get(node) {
        Some(Cause::Member(pool)) => Some(*pool),
        _ => None,
    };
    let pools: BTreeSet<NodeId> = nodes.iter().filter_map(parent).collect();
    // A step to an aggregate node is repeated for each of its members that the path uses.
    let mut used: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for leaf in nodes.iter().filter(|node| !pools.contains(node)) {
        let mut node = *leaf;
        while let Some(pool) = parent(&node) {
            node = pool;
        }
        used.entry(node).or_default().push(*leaf);
    }
    let mut steps = Vec::new();
    for node in &nodes {
        for gained in used.get(node).into_iter().flatten() {
            steps.extend(step_to(closure, *node, *gained));
        }
    }
    steps
}

/// Returns the step that leads to a node, of which the path uses a member.
fn step_to(closure: &Closure, target: NodeId, gained: NodeId) -> Option<RawStep> {
    match closure.causes.get(&target)? {
        Cause::Step { row, actors, candidates } => Some(RawStep {
            row: *row,
            actors: actors.clone(),
            candidates: candidates.clone(),
            target,
            gained,
            combination: None,
        }),
        Cause::Combination { step, granted } => Some(RawStep {
            row: step.row,
            actors: granted.clone(),
            candidates: [].into(),
            target,
            gained,
            combination: Some(step.clone()),
        }),
        Cause::Start | Cause::Member(_) => None,
    }
}
