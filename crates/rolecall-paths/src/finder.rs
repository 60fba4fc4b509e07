use std::collections::BTreeSet;
use std::sync::Arc;

use rolecall_rbac::{Authorizer, Catalog, Identity, Text};
use rustc_hash::FxHashMap;

use crate::closure::Closure;
use crate::graph::Graph;
use crate::need::Resource;
use crate::node::NodeId;
use crate::path::{Path, Step};
use crate::trace::Traces;
use crate::world::{Kept, World};
use crate::{Assumptions, Reach, Sink, Subject};

/// A subject from which to search for paths, and its identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Start {
    /// The subject.
    pub subject: Subject,
    /// The identity, with its groups.
    pub identity: Arc<Identity>,
}

/// The starts that reach a sink.
#[derive(Clone, Debug)]
pub struct Escalations<'a> {
    /// The number of starts.
    pub starts: usize,
    /// The starts that hold the sink by their own bindings.
    pub admins: Vec<Subject>,
    /// The shortest path of each other start that reaches it.
    pub paths: Vec<Path<'a>>,
}

/// Searches for paths to one sink.
pub struct PathFinder<'a> {
    pub(crate) graph: Graph<'a>,
    pub(crate) traces: Traces<'a>,
}

impl std::fmt::Debug for PathFinder<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PathFinder").field("sink", &self.graph.sink).finish_non_exhaustive()
    }
}

/// The grants to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grants {
    /// Those that certainly exist.
    #[default]
    Certain,
    /// Also those that a build can still change.
    Unbuilt,
}

impl<'a> PathFinder<'a> {
    /// Indexes an inventory.
    pub fn new(
        authorizer: &'a Authorizer,
        assumptions: Assumptions,
        sink: Sink,
        grants: Grants,
    ) -> Self {
        Self::with_served(authorizer, assumptions, sink, grants, Vec::new())
    }

    /// Indexes an inventory and the custom resources that a server serves, on which steps with
    /// [`Reach::Possible`](crate::Reach::Possible) depend.
    pub fn with_catalog(
        authorizer: &'a Authorizer,
        assumptions: Assumptions,
        sink: Sink,
        grants: Grants,
        catalog: &Catalog,
    ) -> Self {
        let served = Resource::served(catalog).collect();
        Self::with_served(authorizer, assumptions, sink, grants, served)
    }

    pub(crate) fn with_served(
        authorizer: &'a Authorizer,
        assumptions: Assumptions,
        sink: Sink,
        grants: Grants,
        served: Vec<Resource>,
    ) -> Self {
        let kept = match &sink {
            Sink::ServiceAccount { namespace, name } => {
                Kept { account: Some((namespace.clone(), name.clone())), user: None }
            }
            Sink::User(name) => Kept { account: None, user: Some(name.clone()) },
            _ => Kept::default(),
        };
        let world = World::new(authorizer, assumptions, kept, grants == Grants::Unbuilt, served);
        Self { graph: Graph::new(world, sink), traces: Traces::default() }
    }

    /// Returns all subjects of the inventory from which paths can start, sorted.
    pub fn starts(&self) -> Vec<Start> {
        starts_of(&self.graph.world)
    }

    /// Returns the ServiceAccounts that bindings name but that do not exist, from which no path starts.
    pub fn missing_accounts(&self) -> Vec<Subject> {
        let missing = self.graph.world.ghosts().map(|(namespace, name)| Subject::ServiceAccount {
            namespace: namespace.clone(),
            name: name.clone(),
        });
        missing.collect()
    }

    /// Follows other steps from now on.
    pub fn assume_reach(&mut self, reach: Reach) {
        self.graph.assume_reach(reach);
        self.traces = Traces::default();
    }

    /// Finds the starts that hold or reach the sink.
    pub fn find(&mut self, starts: &[Start]) -> Escalations<'a> {
        // Pods and workloads with the same ServiceAccount share their identity.
        let mut nodes: FxHashMap<*const Identity, NodeId> = FxHashMap::default();
        for start in starts {
            let identity = &start.identity;
            nodes
                .entry(Arc::as_ptr(identity))
                .or_insert_with(|| self.graph.nodes.agent((**identity).clone()));
        }
        let distinct: BTreeSet<NodeId> = nodes.values().copied().collect();
        let distinct: Vec<NodeId> = distinct.into_iter().collect();
        self.search(&distinct);
        let mut steps: FxHashMap<NodeId, Arc<[Step<'a>]>> = FxHashMap::default();
        let mut found = Escalations { starts: starts.len(), admins: Vec::new(), paths: Vec::new() };
        for start in starts {
            let Some(node) = nodes.get(&Arc::as_ptr(&start.identity)).copied() else { continue };
            match self.graph.distance(node) {
                None => {}
                Some(0) => found.admins.push(start.subject.clone()),
                Some(_) => {
                    let known = steps.get(&node).cloned();
                    let steps_of =
                        known.unwrap_or_else(|| self.traces.steps(&mut self.graph, node));
                    steps.insert(node, steps_of.clone());
                    found.paths.push(Path { subject: start.subject.clone(), steps: steps_of });
                }
            }
        }
        found
    }

    /// Computes which of the nodes reach the sink.
    pub(crate) fn search(&mut self, nodes: &[NodeId]) {
        self.graph.explore(nodes);
        self.test(nodes);
    }

    /// Computes the same after a change of the grants that count.
    pub(crate) fn search_again(&mut self, nodes: &[NodeId]) {
        let learned = self.graph.ways.unlearn_all();
        self.graph.settle(&learned);
        self.test(nodes);
    }

    /// Finds which of the nodes reach the sink only by rights that they gain on the way.
    ///
    /// A position grows with its starts. So if the position of several nodes together does not
    /// reach the sink, then none of them does.
    pub(crate) fn test(&mut self, nodes: &[NodeId]) {
        let open: Vec<NodeId> =
            nodes.iter().copied().filter(|node| self.graph.distance(*node).is_none()).collect();
        if open.is_empty() {
            return;
        }
        let closure = Closure::of(&mut self.graph, &open);
        if closure.end.is_none() {
            return;
        }
        if let [only] = *open {
            self.traces.learn(&mut self.graph, only, &closure);
            return;
        }
        let (left, right) = open.split_at(open.len() / 2);
        self.test(left);
        self.test(right);
    }
}

/// Returns all subjects of an inventory from which paths can start, sorted.
pub fn all_starts(authorizer: &Authorizer) -> Vec<Start> {
    starts_of(&World::new(authorizer, Assumptions::default(), Kept::default(), true, Vec::new()))
}

fn starts_of(world: &World<'_>) -> Vec<Start> {
    let inventory = world.inventory();
    let mut starts: Vec<Start> = Vec::new();
    let of = |identity: Identity| Start {
        subject: Subject::of(&identity),
        identity: Arc::new(identity),
    };
    for account in inventory.service_accounts() {
        let metadata = &account.metadata;
        starts.push(of(Identity::service_account(&metadata.namespace, &metadata.name)));
    }
    starts.extend(world.written_users.iter().map(|name| of(Identity::user(name))));
    starts.extend(world.groups.iter().map(|name| of(Identity::group(name))));
    starts.push(of(Identity::user("system:anonymous")));
    let mut identities: FxHashMap<(Text, Text), Arc<Identity>> = FxHashMap::default();
    for running in &world.running {
        let Some(workload) = inventory.workloads().get(running.workload) else { continue };
        let (namespace, name) = (&workload.metadata.namespace, &workload.metadata.name);
        let key = (namespace.clone(), running.account.clone());
        let identity = identities
            .entry(key)
            .or_insert_with(|| Arc::new(Identity::service_account(namespace, &running.account)));
        let (namespace, name) = (namespace.clone(), name.clone());
        let subject = match &*workload.kind {
            "Pod" => Subject::Pod { namespace, name },
            kind => Subject::Workload { kind: kind.to_lowercase().into(), namespace, name },
        };
        starts.push(Start { subject, identity: identity.clone() });
    }
    starts.sort();
    starts.dedup();
    starts
}
