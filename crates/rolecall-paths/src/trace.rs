//! From nodes and causes to the steps of a path, with the evidence of each.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use rolecall_rbac::{
    Grant, Identity, Request, ResourceRequest, RuleGrant, Target, Verdict, rule_allows,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Row;
use crate::closure::{Cause, Closure};
use crate::graph::Graph;
use crate::need::{Need, Resource, Verb};
use crate::node::{Node, NodeId, Scope};
use crate::path::{Assumption, Evidence, Extent, Gain, Outside, Step, StepRequest};
use crate::step::{Ask, Combination, Edge, Expanded, Expander, Half, Recorder, Wanted};

/// A step of a path, before its evidence is looked up.
#[derive(Clone, Debug)]
pub(crate) struct RawStep {
    row: Row,
    /// The actor, and the rights that the position granted itself before.
    actors: Rc<[NodeId]>,
    candidates: Rc<[u32]>,
    target: NodeId,
    /// The member of the target that the path uses, or the target.
    gained: NodeId,
    combination: Option<Rc<Combination>>,
}

/// The paths of nodes from which the way to the sink is known.
#[derive(Debug, Default)]
pub(crate) struct Traces {
    /// The paths that single actors cannot take alone.
    known: FxHashMap<NodeId, Rc<[RawStep]>>,
    /// The members of aggregate nodes that paths use, by their distance from the sink.
    members: FxHashMap<(NodeId, u32), NodeId>,
    /// The first steps of single actors, by their distance from the sink.
    nearest: FxHashMap<(NodeId, u32), RawStep>,
}

impl Traces {
    /// Returns the steps from a node to the sink along the known distances.
    pub(crate) fn trace(&mut self, graph: &mut Graph<'_>, start: NodeId) -> Vec<RawStep> {
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

    /// Records the path that a closure found, and returns the number of its steps.
    pub(crate) fn learn(
        &mut self,
        graph: &mut Graph<'_>,
        start: NodeId,
        closure: &Closure,
    ) -> Option<u32> {
        let end = closure.end?;
        let mut steps = slice(closure, end);
        steps.extend(self.trace(graph, end));
        let length = steps.len() as u32;
        self.known.insert(start, steps.into());
        Some(length)
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

/// Looks up the evidence of steps that start with an identity.
pub(crate) fn explain<'w>(
    graph: &mut Graph<'w>,
    start: &Rc<Identity>,
    raw: &[RawStep],
) -> Arc<[Step<'w>]> {
    let gained: Vec<NodeId> = raw.iter().map(|step| step.gained).collect();
    let steps = raw.iter().map(|step| {
        let mut requests = Vec::new();
        for (actors, ask) in asks(graph, step) {
            requests.extend(request(graph, start, &gained, &actors, &ask));
        }
        let assumes = assumptions(graph, step, &requests);
        Step { row: step.row, requests, gains: gain(graph, step.gained), assumes }
    });
    steps.collect()
}

/// Returns the requests of a step, each with its actor and the rights that it granted itself.
fn asks(graph: &mut Graph<'_>, step: &RawStep) -> Vec<(Vec<NodeId>, Ask)> {
    let (namespace, name) = place_of(graph, step.gained);
    let Some(combination) = &step.combination else {
        let edge = Edge { row: step.row, target: step.target };
        let actors = step.actors.to_vec();
        let recorder = Recorder { wanted: Wanted::Edge(edge), namespace, name, asks: None };
        let found = record(graph, &actors, &step.candidates, recorder);
        return found.into_iter().flatten().map(|ask| (actors.clone(), ask)).collect();
    };
    let mut all = Vec::new();
    for (actor, half) in &combination.parts {
        let recorder = || Recorder {
            wanted: Wanted::Half(half.clone(), combination.name.clone()),
            namespace: combination.namespace.or(namespace),
            name: name.clone(),
            asks: None,
        };
        let mut actors = vec![*actor];
        let mut found = record(graph, &actors, &[], recorder());
        if found.is_none() {
            actors.extend(step.actors.iter().filter(|node| *node != actor));
            found = record(graph, &actors, &[], recorder());
        }
        all.extend(found.into_iter().flatten().map(|ask| (actors.clone(), ask)));
    }
    all
}

fn record(
    graph: &mut Graph<'_>,
    actors: &[NodeId],
    candidates: &[u32],
    mut recorder: Recorder,
) -> Option<Vec<Ask>> {
    Expander {
        world: &graph.world,
        nodes: &mut graph.nodes,
        actors,
        candidates,
        recorder: Some(&mut recorder),
        made: FxHashSet::default(),
        out: Expanded::default(),
    }
    .run();
    recorder.asks
}

/// Returns the namespace and name of the identity or role that a step leads to.
fn place_of(graph: &Graph<'_>, node: NodeId) -> (Option<u32>, Option<rolecall_rbac::Text>) {
    match graph.nodes.get(node) {
        Node::Agent(identity) => match identity.as_service_account() {
            Some(account) => {
                (graph.world.namespace_id(account.namespace), Some(account.name.into()))
            }
            None => (None, Some(identity.user.clone())),
        },
        Node::Granted(role, scope) => {
            let name = graph.world.role(*role).map(|role| role.metadata.name.clone());
            (scope.place(), name)
        }
        Node::Everything(scope) | Node::ClusterRoles(scope) => (scope.place(), None),
        Node::Accounts(place) | Node::Mounted(place) | Node::Impersonable(place) => (*place, None),
        _ => (None, None),
    }
}

/// Returns the request of an ask with its evidence; for a request as another identity, the right to
/// impersonate it for the verb comes first.
fn request<'w>(
    graph: &mut Graph<'w>,
    start: &Rc<Identity>,
    gained: &[NodeId],
    actors: &[NodeId],
    ask: &Ask,
) -> Vec<StepRequest<'w>> {
    let namespace = ask.namespace.map_or("", |namespace| graph.world.namespace(namespace));
    let asked = ask.need.request(namespace, &ask.name);
    let Some(actor) = actors.first() else { return Vec::new() };
    let own = actors.get(1..).unwrap_or_default();
    let mut all = Vec::new();
    let identity = match graph.nodes.get(*actor).clone() {
        Node::Agent(identity) => identity,
        Node::Borrowed(actor, target, mode) => {
            let is_outer = !matches!(ask.need.verb, Verb::Bind | Verb::Escalate | Verb::Approve);
            let identity = graph.nodes.identity(actor).cloned();
            if let (true, Some(identity)) = (is_outer, identity) {
                let limited = Need { mode, ..ask.need }.request(namespace, &ask.name);
                let by = evidence(graph, &identity, gained, own, &limited, None);
                all.push(StepRequest { actor: shared(&identity), request: limited, by });
            }
            graph.nodes.identity(target).cloned().unwrap_or_else(|| start.clone())
        }
        _ => start.clone(),
    };
    let granted: Vec<NodeId> = match graph.nodes.get(*actor) {
        Node::Granted(..) | Node::Everything(_) | Node::ClusterAdmin => actors.to_vec(),
        _ => own.to_vec(),
    };
    let by = evidence(graph, &identity, gained, &granted, &asked, ask.covers);
    all.push(StepRequest { actor: shared(&identity), request: asked, by });
    all
}

fn shared(identity: &Rc<Identity>) -> Arc<Identity> {
    Arc::new((**identity).clone())
}

fn evidence<'w>(
    graph: &Graph<'w>,
    identity: &Rc<Identity>,
    gained: &[NodeId],
    granted: &[NodeId],
    request: &Request,
    covers: Option<u32>,
) -> Evidence<'w> {
    if let Some(role) = covers.and_then(|role| graph.world.role(role)) {
        return Evidence::Covered(role);
    }
    if identity.is_privileged() {
        return Evidence::Privileged;
    }
    if let Some(grant) = grant(graph, identity, request) {
        return Evidence::Grant(grant);
    }
    let allows = |node: &NodeId| match graph.nodes.get(*node) {
        Node::Everything(_) | Node::ClusterAdmin => true,
        Node::Granted(role, _) => graph
            .world
            .role(*role)
            .is_some_and(|role| role.rules.iter().any(|rule| rule_allows(rule, request))),
        _ => false,
    };
    let own = granted.iter().find(|node| allows(node));
    let step = own.and_then(|node| gained.iter().position(|gained| gained == node));
    step.map_or(Evidence::Privileged, Evidence::Step)
}

/// Returns the first grant of a request that counts.
fn grant<'w>(
    graph: &Graph<'w>,
    identity: &Rc<Identity>,
    request: &Request,
) -> Option<RuleGrant<'w>> {
    let world = &graph.world;
    let decision = world.authorizer.authorize_as_written(identity, request);
    let Verdict::Allowed { by } = decision.verdict else { return None };
    by.into_iter().find_map(|grant| match grant {
        Grant::Rule(grant) if world.counts(grant.binding, grant.role) => {
            let held = crate::node::Held {
                role: world.role_position(grant.role)?,
                scope: Scope::Cluster,
                binding: world.binding_position(grant.binding)?,
            };
            (!world.is_cut(&held, grant.rule_index, Some(identity))).then_some(grant)
        }
        _ => None,
    })
}

fn gain<'w>(graph: &Graph<'w>, node: NodeId) -> Gain<'w> {
    match graph.nodes.get(node) {
        Node::Agent(identity) => Gain::Identity(shared(identity)),
        Node::Granted(role, scope) => match graph.world.role(*role) {
            Some(role) => Gain::Role { role, extent: extent(graph, *scope) },
            None => Gain::ClusterAdmin,
        },
        Node::Everything(scope) => Gain::Everything(extent(graph, *scope)),
        Node::Borrowed(_, target, _) => {
            let identity = graph.nodes.identity(*target);
            identity.map_or(Gain::ClusterAdmin, |identity| Gain::Requests(shared(identity)))
        }
        Node::Root => Gain::Node,
        _ => Gain::ClusterAdmin,
    }
}

fn extent(graph: &Graph<'_>, scope: Scope) -> Extent {
    match scope {
        Scope::Cluster => Extent::Cluster,
        Scope::Each => Extent::EachNamespace,
        Scope::In(namespace) => Extent::Namespace(graph.world.namespace(namespace).clone()),
    }
}

fn assumptions(graph: &Graph<'_>, step: &RawStep, requests: &[StepRequest<'_>]) -> Vec<Assumption> {
    let world = &graph.world;
    match step.row {
        Row::X05 => {
            let gets = requests.iter().any(|request| &*request.request.verb == "get");
            gets.then_some(Assumption::Before(35)).into_iter().collect()
        }
        Row::X12 => vec![Assumption::From(36)],
        Row::X22 => {
            let half = step.combination.as_ref().and_then(|it| it.parts.first());
            let is_policy = half.is_some_and(|(_, half)| *half == Half::WritePolicy);
            is_policy.then_some(Assumption::From(36)).into_iter().collect()
        }
        Row::X23 => {
            let namespace = step.combination.as_ref().and_then(|it| it.namespace);
            let unread = namespace.filter(|it| world.enforces(*it).is_none());
            let unread = unread.map(|it| world.namespace(it).clone());
            unread.map(Assumption::NoPodSecurity).into_iter().collect()
        }
        Row::X25 if !world.exists(Resource::ConfigMaps, &"aws-auth".into()) => {
            vec![Assumption::Eks]
        }
        Row::X26 => outside(requests).map(Assumption::Outside).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// Returns what a step depends on outside the input.
fn outside(requests: &[StepRequest<'_>]) -> Option<Outside> {
    let target = resource(&requests.last()?.request)?;
    Some(match &*target.resource {
        "apiservices" => Outside::ApiClients,
        "customresourcedefinitions" => Outside::CustomClients,
        "secrets" if requests.iter().any(|made| is_read(&made.request)) => {
            Outside::NoSecret(target.name.clone())
        }
        "secrets" => Outside::BootstrapTokens,
        _ if requests.iter().any(|made| creates_volume(&made.request)) => Outside::Volume,
        resource => Outside::Operator(format!("{resource}.{}", target.group).into()),
    })
}

fn is_read(request: &Request) -> bool {
    matches!(&*request.verb, "get" | "list" | "watch")
}

fn creates_volume(request: &Request) -> bool {
    resource(request).is_some_and(|target| &*target.resource == "persistentvolumes")
}

fn resource(request: &Request) -> Option<&ResourceRequest> {
    match &request.target {
        Target::Resource(target) => Some(target),
        Target::Path(_) => None,
    }
}
