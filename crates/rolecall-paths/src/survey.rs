//! The ends that matter most, all at once: cluster-admin, other namespaces and nodes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::closure::Closure;
use crate::graph::Graph;
use crate::node::{Node, NodeId, Place, Scope};
use crate::path::Step;
use crate::trace::Traces;
use crate::{Nodes, PathFinder, Sink, Start, Subject};

/// The ends that starts reach.
#[derive(Clone, Debug, Default)]
pub struct Survey<'a> {
    /// The starts that are cluster-admin by their own bindings.
    pub admins: Vec<Subject>,
    /// The ends that the others reach, sorted by subject. Those of a cluster-admin are left out.
    pub reached: Vec<Reached<'a>>,
}

/// An end that a start reaches, by a shortest path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached<'a> {
    /// The start.
    pub subject: Subject,
    /// The end: cluster-admin, a namespace other than its own, or a node.
    pub sink: Sink,
    /// The steps, in order.
    pub steps: Arc<[Step<'a>]>,
}

/// An end that nothing reaches.
fn nowhere() -> Sink {
    Sink::Group("\0".into())
}

impl<'a> PathFinder<'a> {
    /// Finds who reaches cluster-admin, every right in a namespace other than its own, or a node.
    /// Afterwards, the finder searches for nodes.
    pub fn survey(&mut self, starts: &[Start]) -> Survey<'a> {
        let (admins, mut reached) = self.ends(starts, Sink::ClusterAdmin);
        let done: BTreeSet<&Subject> =
            reached.iter().map(|it| &it.subject).chain(&admins).collect();
        let rest: Vec<Start> =
            starts.iter().filter(|start| !done.contains(&start.subject)).cloned().collect();
        if !rest.is_empty() {
            reached.extend(self.other_namespaces(&rest));
            reached.extend(self.ends(&rest, Sink::Node).1);
            reached.sort_by(|one, other| {
                (&one.subject, &one.sink).cmp(&(&other.subject, &other.sink))
            });
        }
        Survey { admins, reached }
    }

    /// Finds who holds a sink, and who reaches it. Afterwards, the finder searches for it.
    pub fn ends(&mut self, starts: &[Start], sink: Sink) -> (Vec<Subject>, Vec<Reached<'a>>) {
        self.retarget(sink.clone());
        let found = self.find(starts);
        let reached = found.paths.into_iter().map(|path| Reached {
            subject: path.subject,
            sink: sink.clone(),
            steps: path.steps,
        });
        (found.admins, reached.collect())
    }

    /// Searches for another sink from now on. An account or user of a sink must have rights, unless
    /// the finder was created for it.
    pub fn retarget(&mut self, sink: Sink) {
        self.graph.aim(sink);
        self.traces = Traces::default();
    }

    /// Assumes something else about nodes from now on.
    pub fn assume_nodes(&mut self, nodes: Nodes) {
        self.graph.assume_nodes(nodes);
        self.traces = Traces::default();
    }

    /// Finds who gains every right in namespaces other than its own.
    fn other_namespaces(&mut self, starts: &[Start]) -> Vec<Reached<'a>> {
        self.retarget(nowhere());
        let mut starts_of: BTreeMap<NodeId, Vec<&Start>> = BTreeMap::new();
        for start in starts {
            let node = self.graph.nodes.agent((*start.identity).clone());
            starts_of.entry(node).or_default().push(start);
        }
        let distinct: Vec<NodeId> = starts_of.keys().copied().collect();
        self.graph.explore(&distinct);
        let mut found: BTreeMap<(NodeId, Place), Arc<[Step<'a>]>> = BTreeMap::new();
        let explored: Vec<NodeId> = self.graph.all_explored().collect();
        let ends = self.graph.full_control(&explored);
        for (place, ends) in &ends {
            let place = *place;
            self.turn(place, ends);
            for node in self.graph.nodes_on_paths() {
                let is_wanted = starts_of.contains_key(&node)
                    && !found.contains_key(&(node, None))
                    && !self.is_at_home(node, place);
                if is_wanted && let Some(steps) = self.steps_from(node) {
                    found.insert((node, place), steps);
                }
            }
        }
        self.several_actors(&distinct, &ends, &mut found);
        let reached = found.into_iter().flat_map(|((node, place), steps)| {
            let sink = self.sink_of(place);
            let starts = starts_of.get(&node).into_iter().flatten();
            let reached = starts.map(|start| Reached {
                subject: start.subject.clone(),
                sink: sink.clone(),
                steps: steps.clone(),
            });
            reached.collect::<Vec<_>>()
        });
        reached.collect()
    }

    /// Adds the paths on which several identities of a position take a step together. `ends` are the
    /// nodes with every right in a namespace that single identities lead to.
    fn several_actors(
        &mut self,
        nodes: &[NodeId],
        ends: &BTreeMap<Place, Vec<NodeId>>,
        found: &mut BTreeMap<(NodeId, Place), Arc<[Step<'a>]>>,
    ) {
        self.graph.turn(nowhere());
        let open = nodes.iter().filter(|node| !found.contains_key(&(**node, None)));
        let open: Vec<NodeId> = open.copied().collect();
        let mut more: BTreeMap<Place, Vec<NodeId>> = BTreeMap::new();
        for group in self.graph.by_rights(&open) {
            let Some(first) = group.first().copied() else { continue };
            let gained = self.graph.gained_together(first);
            for place in self.graph.full_control(&gained).into_keys() {
                let is_new = |node: &NodeId| {
                    !found.contains_key(&(*node, place)) && !self.is_at_home(*node, place)
                };
                let new: Vec<NodeId> = group.iter().copied().filter(is_new).collect();
                more.entry(place).or_default().extend(new);
            }
        }
        for (place, nodes) in more {
            self.turn(place, ends.get(&place).map_or(&[], Vec::as_slice));
            for node in nodes {
                if self.graph.holds(node) {
                    continue;
                }
                let closure = Closure::of(&mut self.graph, &[node]);
                self.traces.learn(&mut self.graph, node, &closure);
                if self.graph.distance(node).is_some()
                    && let Some(steps) = self.steps_from(node)
                {
                    found.insert((node, place), steps);
                }
            }
        }
    }

    /// Searches for full control of a namespace, or of each, among the explored nodes, some of which
    /// have it.
    fn turn(&mut self, place: Place, ends: &[NodeId]) {
        let sink = self.sink_of(place);
        self.graph.turn(sink);
        self.traces = Traces::default();
        for end in ends {
            self.graph.reached(*end, 0);
        }
    }

    fn sink_of(&self, place: Place) -> Sink {
        let name = place.map_or_else(|| "*".into(), |it| self.graph.world.namespace(it).clone());
        Sink::Namespace(name)
    }

    fn steps_from(&mut self, node: NodeId) -> Option<Arc<[Step<'a>]>> {
        self.graph.nodes.identity(node)?;
        Some(self.traces.steps(&mut self.graph, node))
    }

    /// Returns whether a namespace is an identity's own: that of a ServiceAccount, or one in which a
    /// RoleBinding names the user or group.
    fn is_at_home(&mut self, node: NodeId, place: Place) -> bool {
        let Some(namespace) = place else { return false };
        let Some(identity) = self.graph.nodes.identity(node).cloned() else { return true };
        match identity.as_service_account() {
            Some(account) => *account.namespace == **self.graph.world.namespace(namespace),
            None => {
                let name = self.graph.world.namespace(namespace);
                identity.is_in(&format!("system:serviceaccounts:{name}"))
                    || self.graph.held(node).iter().any(|it| it.scope == Scope::In(namespace))
            }
        }
    }
}

impl Graph<'_> {
    /// Returns the nodes that hold every right in a namespace, or in each (`None`), among some.
    fn full_control(&mut self, nodes: &[NodeId]) -> BTreeMap<Place, Vec<NodeId>> {
        let mut ends: BTreeMap<Place, Vec<NodeId>> = BTreeMap::new();
        let mut add = |scope: Scope, id: NodeId| match scope {
            Scope::Cluster => {}
            Scope::Each => ends.entry(None).or_default().push(id),
            Scope::In(namespace) => ends.entry(Some(namespace)).or_default().push(id),
        };
        for id in nodes.iter().copied() {
            match self.nodes.get(id) {
                Node::Everything(scope) => add(*scope, id),
                Node::Agent(_) | Node::Granted(..) => {
                    for held in self.held(id).iter() {
                        let facts = self.world.role_facts(held.role);
                        if facts.is_some_and(|facts| !facts.everything.is_empty()) {
                            add(held.scope, id);
                        }
                    }
                }
                _ => {}
            }
        }
        ends
    }
}
