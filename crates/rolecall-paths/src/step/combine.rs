//! Steps that consist of several requests, which different actors can make one after another.

use std::collections::BTreeMap;

use rolecall_rbac::Text;
use rustc_hash::FxHashSet;

use super::{Existence, Half, absent};
use crate::Row;
use crate::names::Names;
use crate::need::Resource;
use crate::node::{Held, Node, NodeId, Nodes, Place, Scope};
use crate::world::{NamespaceId, World};

/// A step that several requests make together.
#[derive(Clone, Debug)]
pub(crate) struct Combination {
    pub(crate) row: Row,
    pub(crate) target: NodeId,
    /// The actors and the halves, in order.
    pub(crate) parts: Vec<(NodeId, Half)>,
    /// The name of the object of both halves.
    pub(crate) name: Option<Text>,
    /// The node that holds the role.
    pub(crate) holder: Option<NodeId>,
    /// The namespace of the step, if it is in one.
    pub(crate) namespace: Place,
}

/// The halves of a position, each with its first actor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gathered {
    create_secret: BTreeMap<Place, NodeId>,
    read_secrets: BTreeMap<Place, NodeId>,
    make_pod: BTreeMap<Place, NodeId>,
    label_namespace: BTreeMap<NamespaceId, NodeId>,
    others: Vec<(Half, NodeId)>,
    known: FxHashSet<Half>,
}

impl Gathered {
    /// Adds the halves of an actor.
    pub(crate) fn add(&mut self, halves: &[Half], actor: NodeId) {
        for half in halves {
            match half {
                Half::CreateSecret(place) => {
                    self.create_secret.entry(*place).or_insert(actor);
                }
                Half::ReadSecrets(place) => {
                    self.read_secrets.entry(*place).or_insert(actor);
                }
                Half::MakePod(place) => {
                    self.make_pod.entry(*place).or_insert(actor);
                }
                Half::LabelNamespace(namespace) => {
                    self.label_namespace.entry(*namespace).or_insert(actor);
                }
                half => {
                    if self.known.insert(half.clone()) {
                        self.others.push((half.clone(), actor));
                    }
                }
            }
        }
    }

    /// Returns whether roles that the position holds matter.
    pub(crate) fn uses_roles(&self) -> bool {
        self.others.iter().any(|(half, _)| {
            matches!(half, Half::RewriteRole(..) | Half::RewriteClusterRole(_) | Half::Label(..))
        })
    }

    /// Returns whether the halves are other ones.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        let size = |it: &Self| {
            it.create_secret.len()
                + it.read_secrets.len()
                + it.make_pod.len()
                + it.label_namespace.len()
                + it.others.len()
        };
        size(self) != size(other)
    }

    /// Returns whether the position can change a role or, if it is aggregated, its sources.
    pub(crate) fn changes(&self, world: &World<'_>, role: u32) -> bool {
        let is_aggregated = world.role_facts(role).is_some_and(|facts| facts.is_aggregated);
        let Some(role) = world.role(role) else { return false };
        let name = &role.metadata.name;
        self.others.iter().any(|(half, _)| match half {
            Half::RewriteClusterRole(names) => role.is_cluster_role() && names.allow(name),
            Half::RewriteRole(place, names) => {
                let there = world.namespace_id(&role.metadata.namespace);
                !role.is_cluster_role() && names.allow(name) && (place.is_none() || *place == there)
            }
            Half::Label(..) => is_aggregated,
            _ => false,
        })
    }

    fn of<'g, T: 'g>(
        &'g self,
        pick: impl Fn(&'g Half) -> Option<T> + 'g,
    ) -> impl Iterator<Item = (T, (NodeId, Half))> + 'g {
        self.others
            .iter()
            .filter_map(move |(half, actor)| Some((pick(half)?, (*actor, half.clone()))))
    }
}

/// Returns the steps that halves make together. `held` are the roles that the position holds.
pub(crate) fn combine(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    held: &[(Held, NodeId)],
) -> Vec<Combination> {
    let mut found = Vec::new();
    secrets(nodes, gathered, &mut found);
    if !gathered.others.is_empty() {
        rewrites(world, nodes, gathered, held, &mut found);
        labels(world, nodes, gathered, held, &mut found);
        new_roles(world, nodes, gathered, &mut found);
        certificates(world, nodes, gathered, &mut found);
        policies(nodes, gathered, &mut found);
        possible(world, nodes, gathered, &mut found);
    }
    take_over(world, nodes, gathered, &mut found);
    found
}

/// X07.
fn secrets(nodes: &mut Nodes, gathered: &Gathered, found: &mut Vec<Combination>) {
    let mut add = |place: Place, (create, creator): (Place, NodeId), (read, reader)| {
        found.push(Combination {
            row: Row::X07,
            target: nodes.id(Node::Accounts(place)),
            parts: vec![(creator, Half::CreateSecret(create)), (reader, Half::ReadSecrets(read))],
            name: None,
            holder: None,
            namespace: place,
        });
    };
    for (create, creator) in &gathered.create_secret {
        let readers = [*create, None];
        let readers = readers.iter().take(if create.is_none() { 0 } else { 2 });
        let reader = readers.filter_map(|read| Some((*read, *gathered.read_secrets.get(read)?)));
        if let Some(reader) = reader.into_iter().next() {
            add(*create, (*create, *creator), reader);
        }
    }
    if let Some(creator) = gathered.create_secret.get(&None) {
        for (read, reader) in &gathered.read_secrets {
            add(*read, (None, *creator), (*read, *reader));
        }
    }
}

/// X17.
fn rewrites(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    held: &[(Held, NodeId)],
    found: &mut Vec<Combination>,
) {
    let of_roles: Vec<_> = gathered
        .of(|half| match half {
            Half::RewriteRole(place, names) => Some((Some(*place), names)),
            Half::RewriteClusterRole(names) => Some((None, names)),
            _ => None,
        })
        .collect();
    if of_roles.is_empty() {
        return;
    }
    for (held, holder) in held {
        let Some(role) = world.role(held.role) else { continue };
        let name = &role.metadata.name;
        for ((place, names), part) in &of_roles {
            let is_in_reach = match (place, held.scope) {
                (None, _) => role.is_cluster_role(),
                (Some(place), Scope::In(namespace)) => {
                    !role.is_cluster_role() && place.is_none_or(|place| place == namespace)
                }
                (Some(_), _) => false,
            };
            if is_in_reach && names.allow(name) {
                found.push(Combination {
                    row: Row::X17,
                    target: nodes.id(Node::Everything(held.scope)),
                    parts: vec![part.clone()],
                    name: Some(name.clone()),
                    holder: Some(*holder),
                    namespace: held.scope.place(),
                });
            }
        }
    }
}

/// X19.
fn labels(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    held: &[(Held, NodeId)],
    found: &mut Vec<Combination>,
) {
    let writers: Vec<_> = gathered
        .of(|half| match half {
            Half::Label(existence, names) => Some((*existence, names)),
            _ => None,
        })
        .collect();
    if writers.is_empty() {
        return;
    }
    for (held, holder) in held {
        let is_aggregated = world.role_facts(held.role).is_some_and(|facts| facts.is_aggregated);
        let Some(role) = world.role(held.role).filter(|_| is_aggregated) else { continue };
        for ((existence, names), part) in &writers {
            // A role is not included in itself.
            let Some(name) = written(world, *existence, names, &role.metadata.name) else {
                continue;
            };
            found.push(Combination {
                row: Row::X19,
                target: nodes.id(Node::Everything(held.scope)),
                parts: vec![part.clone()],
                name,
                holder: Some(*holder),
                namespace: held.scope.place(),
            });
        }
    }
}

/// Returns the name of a ClusterRole that can be written and is not the aggregated one.
fn written(
    world: &World<'_>,
    existence: Existence,
    names: &Names,
    aggregated: &Text,
) -> Option<Option<Text>> {
    match existence {
        Existence::New if names.any => Some(None),
        Existence::New => names.listed.first().map(|name| Some(name.clone())),
        Existence::Existing => {
            let cluster_roles = world.inventory().roles_in("");
            let others = cluster_roles.iter().map(|role| &role.metadata.name);
            let mut others = others.filter(|name| *name != aggregated && names.allow(name));
            others.next().map(|name| Some(name.clone()))
        }
    }
}

/// X18.
fn new_roles(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    found: &mut Vec<Combination>,
) {
    let makers: Vec<_> = gathered
        .of(|half| match half {
            Half::NewRole(place, names) => Some((Some(*place), names)),
            Half::NewClusterRole(names) => Some((None, names)),
            _ => None,
        })
        .collect();
    if makers.is_empty() {
        return;
    }
    let binders: Vec<_> = gathered
        .of(|half| match half {
            Half::BindRole(place, names) => Some((true, Scope::of(*place), names)),
            Half::BindClusterRole(scope, names) => Some((false, *scope, names)),
            _ => None,
        })
        .collect();
    for ((made, made_names), maker) in &makers {
        for ((is_role, scope, bound_names), binder) in &binders {
            if made.is_some() != *is_role {
                continue;
            }
            let names = made_names.and(bound_names);
            let (resource, scope) = match made {
                None => (Resource::ClusterRoles, *scope),
                Some(made) => match (made, scope.place()) {
                    (Some(made), Some(bound)) if *made != bound => continue,
                    (made, bound) => (Resource::Roles, Scope::of(made.or(bound))),
                },
            };
            for (name, scope) in free_names(world, resource, &names, scope) {
                found.push(Combination {
                    row: Row::X18,
                    target: nodes.id(Node::Everything(scope)),
                    parts: vec![maker.clone(), binder.clone()],
                    name,
                    holder: None,
                    namespace: scope.place(),
                });
            }
        }
    }
}

/// Returns names that no role has, with the scopes in which they are free.
fn free_names(
    world: &World<'_>,
    resource: Resource,
    names: &Names,
    scope: Scope,
) -> Vec<(Option<Text>, Scope)> {
    if names.any {
        return vec![(None, scope)];
    }
    let mut free = Vec::new();
    for name in &names.listed {
        if resource == Resource::ClusterRoles {
            if !world.exists(resource, name) {
                free.push((Some(name.clone()), scope));
            }
            continue;
        }
        let places = absent(world, resource, name, scope).in_scope(scope);
        free.extend(places.into_iter().map(|place| (Some(name.clone()), Scope::of(place))));
    }
    free
}

/// X20.
fn certificates(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    found: &mut Vec<Combination>,
) {
    let requests = gathered.of(|half| match half {
        Half::Request(names) => Some(names),
        _ => None,
    });
    let approvers: Vec<_> = gathered
        .of(|half| match half {
            Half::Approve(names) => Some(names),
            _ => None,
        })
        .collect();
    for (requested, requester) in requests {
        for (approved, approver) in &approvers {
            let names = requested.and(approved);
            let resource = Resource::CertificateRequests;
            let free = free_cluster_name(world, resource, &names);
            let Some(name) = free else { continue };
            found.push(Combination {
                row: Row::X20,
                target: nodes.id(Node::Certified),
                parts: vec![requester.clone(), approver.clone()],
                name,
                holder: None,
                namespace: None,
            });
        }
    }
}

fn free_cluster_name(world: &World<'_>, resource: Resource, names: &Names) -> Option<Option<Text>> {
    if names.any {
        return Some(None);
    }
    let free = names.listed.iter().find(|name| !world.exists(resource, name))?;
    Some(Some(free.clone()))
}

/// X22 with policies.
fn policies(nodes: &mut Nodes, gathered: &Gathered, found: &mut Vec<Combination>) {
    let policy = gathered.of(|half| (*half == Half::WritePolicy).then_some(())).next();
    let binding = gathered.of(|half| (*half == Half::BindPolicy).then_some(())).next();
    if let (Some((_, policy)), Some((_, binding))) = (policy, binding) {
        found.push(Combination {
            row: Row::X22,
            target: nodes.id(Node::ClusterAdmin),
            parts: vec![policy, binding],
            name: None,
            holder: None,
            namespace: None,
        });
    }
}

/// X26.
fn possible(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    found: &mut Vec<Combination>,
) {
    let volumes = gathered.of(|half| (*half == Half::CreateVolume).then_some(())).next();
    if let (Some((_, volume)), Some((place, maker))) = (volumes, gathered.make_pod.iter().next()) {
        found.push(Combination {
            row: Row::X26,
            target: nodes.id(Node::Root),
            parts: vec![volume, (*maker, Half::MakePod(*place))],
            name: None,
            holder: None,
            namespace: place.or_else(|| world.all_namespaces().next()),
        });
    }
    let readers: Vec<_> = gathered
        .of(|half| match half {
            Half::ReadNamed(place, _, names) => Some((*place, names)),
            _ => None,
        })
        .collect();
    let created = gathered.of(|half| match half {
        Half::NameSecret(place, names) => Some((*place, names)),
        _ => None,
    });
    for ((created, created_names), creator) in created {
        for ((read, read_names), reader) in &readers {
            if created.is_some_and(|created| read.is_some_and(|read| read != created)) {
                continue;
            }
            let scope = Scope::of(created.or(*read));
            let names = created_names.and(read_names);
            for (name, scope) in free_names(world, Resource::Secrets, &names, scope) {
                found.push(Combination {
                    row: Row::X26,
                    target: nodes.id(Node::Accounts(scope.place())),
                    parts: vec![creator.clone(), reader.clone()],
                    name,
                    holder: None,
                    namespace: scope.place(),
                });
            }
        }
    }
}

/// X23 and X24.
fn take_over(
    world: &World<'_>,
    nodes: &mut Nodes,
    gathered: &Gathered,
    found: &mut Vec<Combination>,
) {
    for (place, maker) in &gathered.make_pod {
        let maker = (*maker, Half::MakePod(*place));
        let is_open = |namespace: &NamespaceId| world.is_open(*namespace);
        let open = match place {
            Some(namespace) => Some(*namespace).filter(is_open),
            None => world.all_namespaces().find(is_open),
        };
        let mut add = |row, namespace, parts| {
            found.push(Combination {
                row,
                target: nodes.id(Node::Root),
                parts,
                name: None,
                holder: None,
                namespace: Some(namespace),
            });
        };
        if let Some(namespace) = open {
            add(Row::X23, namespace, vec![maker]);
            continue;
        }
        let mut labelled = gathered.label_namespace.iter();
        let labelled = labelled.find(|(it, _)| place.is_none_or(|place| place == **it));
        if let Some((namespace, labeller)) = labelled {
            let label = (*labeller, Half::LabelNamespace(*namespace));
            add(Row::X24, *namespace, vec![label, maker]);
        }
    }
}
