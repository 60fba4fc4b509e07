//! The nodes that hold the sink.

use rolecall_rbac::{Identity, Text};

use crate::Sink;
use crate::caps::ScopedCaps;
use crate::graph::Graph;
use crate::need::{Resource, Verb};
use crate::node::{Node, NodeId, Scope};
use crate::world::NamespaceId;

/// Where a sink needs every right.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    Cluster,
    /// In each namespace.
    Each,
    In(NamespaceId),
}

impl Graph<'_> {
    /// Returns whether a node alone is or holds the sink.
    pub(crate) fn holds(&mut self, node: NodeId) -> bool {
        if let Some(known) = self.holds.get(node) {
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
