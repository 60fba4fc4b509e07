//! The requests of a step, with the evidence of each.

use std::rc::Rc;
use std::sync::Arc;

use rolecall_rbac::{
    Grant, Identity, Request, ResourceRequest, RuleGrant, Target, Verdict, rule_allows,
};
use rustc_hash::FxHashSet;

use crate::Row;
use crate::graph::Graph;
use crate::need::{Need, Resource, Verb};
use crate::node::{Node, NodeId, Scope};
use crate::path::{Assumption, Evidence, Extent, Gain, Outside, Step, StepRequest};
use crate::raw_step::RawStep;
use crate::step::{Ask, Edge, Expanded, Expander, Half, Recorder, Wanted};

/// Looks up the evidence of a step on a path from an identity, which gains some nodes in order.
pub(crate) fn explain<'w>(
    graph: &mut Graph<'w>,
    start: NodeId,
    gained: &[NodeId],
    step: &RawStep,
) -> Step<'w> {
    let start = graph.nodes.identity(start).cloned().unwrap_or_default();
    let mut requests = Vec::new();
    for (actors, ask) in asks(graph, step) {
        requests.extend(request(graph, &start, gained, &actors, &ask));
    }
    let assumes = assumptions(graph, step, &requests);
    Step { row: step.row, requests, gains: gain(graph, step.gained), assumes }
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
            let binding = world.binding_position(grant.binding)?;
            let rule = grant.rule_index;
            let subject = world.granting_subject(binding, grant.binding, rule, identity)?;
            Some(RuleGrant { subject, ..grant })
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

/// Returns the condition of a step outside the input.
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
