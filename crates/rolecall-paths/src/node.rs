//! The nodes of the graph: identities, rights that a position granted itself, and aggregates.

use std::rc::Rc;

use rolecall_rbac::{Identity, Text};
use rustc_hash::FxHashMap;

use crate::need::Mode;
pub(crate) use crate::scope::{Held, Place, Scope};
use crate::world::World;

/// The number of a node.
pub(crate) type NodeId = u32;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Node {
    /// An identity that one can act as.
    Agent(Rc<Identity>),
    /// The ServiceAccounts of a namespace, or all.
    Accounts(Place),
    /// The same, and others that do not exist.
    Impersonable(Place),
    /// The ServiceAccounts of Pods with a mounted token in a namespace, or all.
    Mounted(Place),
    /// The ServiceAccounts of Pods with a mounted token on a node.
    Hosted(Text),
    /// The users that bindings name.
    Users,
    /// The users of client certificates.
    Certified,
    /// The ClusterRoles, granted to oneself in a scope.
    ClusterRoles(Scope),
    /// The Roles of a namespace or of all, granted to oneself there.
    Roles(Place),
    /// The rules of a role, granted to oneself.
    Granted(u32, Scope),
    /// Every right, granted to oneself.
    Everything(Scope),
    /// Some requests as another identity.
    Borrowed(NodeId, NodeId, Mode),
    /// Membership in `system:masters`, or the same power.
    ClusterAdmin,
    /// Root on some node.
    Root,
}

/// The nodes, numbered in the order of their discovery.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    ids: FxHashMap<Node, NodeId>,
    held: FxHashMap<NodeId, Rc<[Held]>>,
    /// The identities by user name.
    by_user: FxHashMap<Text, Vec<NodeId>>,
    /// The identities of groups, among the first nodes.
    by_group: FxHashMap<Text, (usize, Vec<NodeId>)>,
    /// The requests as others, by the identities on both sides.
    borrowed: FxHashMap<NodeId, Vec<NodeId>>,
}

impl Nodes {
    /// Returns the number of a node.
    pub(crate) fn id(&mut self, node: Node) -> NodeId {
        if let Some(id) = self.ids.get(&node) {
            return *id;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(node.clone());
        match &node {
            Node::Agent(identity) => {
                self.by_user.entry(identity.user.clone()).or_default().push(id);
            }
            Node::Borrowed(actor, target, _) => {
                for side in [*actor, *target] {
                    self.borrowed.entry(side).or_default().push(id);
                }
            }
            _ => {}
        }
        self.ids.insert(node, id);
        id
    }

    /// Returns the number of an identity.
    pub(crate) fn agent(&mut self, identity: Identity) -> NodeId {
        self.id(Node::Agent(Rc::new(identity)))
    }

    /// Returns a node.
    pub(crate) fn get(&self, id: NodeId) -> &Node {
        self.nodes.get(id as usize).unwrap_or(&Node::ClusterAdmin)
    }

    /// Returns the identities with a user name, and the requests as them.
    pub(crate) fn of_user(&self, user: &Text) -> Vec<NodeId> {
        let identities = self.by_user.get(user).cloned().unwrap_or_default();
        self.with_borrowed(identities)
    }

    /// Returns the identities in a group, and the requests as them.
    pub(crate) fn of_group(&mut self, group: &Text) -> Vec<NodeId> {
        let (known, mut identities) = self.by_group.remove(group).unwrap_or_default();
        let is_in = |(_, node): &(NodeId, &Node)| match node {
            Node::Agent(identity) => identity.is_in(group),
            _ => false,
        };
        identities.extend(self.all().skip(known).filter(is_in).map(|(id, _)| id));
        self.by_group.insert(group.clone(), (self.nodes.len(), identities.clone()));
        self.with_borrowed(identities)
    }

    fn with_borrowed(&self, mut identities: Vec<NodeId>) -> Vec<NodeId> {
        let borrowed = identities.iter().filter_map(|id| self.borrowed.get(id));
        let borrowed: Vec<NodeId> = borrowed.flatten().copied().collect();
        identities.extend(borrowed);
        identities
    }

    /// Returns all nodes with their numbers.
    pub(crate) fn all(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        (0..).zip(&self.nodes)
    }

    /// Returns the identity of a node; `None` for other nodes.
    pub(crate) fn identity(&self, id: NodeId) -> Option<&Rc<Identity>> {
        match self.get(id) {
            Node::Agent(identity) => Some(identity),
            _ => None,
        }
    }

    /// Returns the roles that a node holds: through bindings, or granted to itself.
    pub(crate) fn held(&mut self, world: &World<'_>, id: NodeId) -> Rc<[Held]> {
        if let Some(held) = self.held.get(&id) {
            return held.clone();
        }
        let held: Rc<[Held]> = match self.get(id) {
            Node::Agent(identity) => world.held(identity).into(),
            Node::Granted(role, scope) => {
                [Held { role: *role, scope: *scope, binding: u32::MAX }].into()
            }
            _ => [].into(),
        };
        self.held.insert(id, held.clone());
        held
    }
}

impl World<'_> {
    /// Returns the roles that an identity holds through bindings.
    fn held(&self, identity: &Identity) -> Vec<Held> {
        let bound = self.authorizer.bindings_of(identity).into_iter();
        let held = bound.filter_map(|bound| {
            let role = bound.role.ok()?;
            if !self.counts(bound.binding, role) {
                return None;
            }
            let scope = match bound.binding.is_cluster_role_binding() {
                true => Scope::Cluster,
                false => Scope::In(self.namespace_id(&bound.binding.metadata.namespace)?),
            };
            let binding = self.binding_position(bound.binding)?;
            Some(Held { role: self.role_position(role)?, scope, binding })
        });
        held.collect()
    }
}
