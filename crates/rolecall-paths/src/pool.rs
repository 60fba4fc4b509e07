//! The members of aggregate nodes.

use std::collections::BTreeSet;
use std::rc::Rc;

use rolecall_rbac::{Identity, Text};

use crate::node::{Node, NodeId, Nodes, Place, Scope};
use crate::step::anybody;
use crate::world::{NamespaceId, World};

impl Nodes {
    /// Returns the members of an aggregate node, which one has along with it; empty for others.
    pub(crate) fn members(&mut self, world: &World<'_>, pool: NodeId) -> Vec<NodeId> {
        match self.get(pool).clone() {
            Node::Accounts(place) => self.accounts(world, accounts(world, place)),
            Node::Impersonable(place) => self.accounts(world, impersonable(world, place)),
            Node::Mounted(place) => {
                let spaces = spaces(world, place);
                let mounted = spaces.into_iter().flat_map(|namespace| {
                    world.mounted_in(namespace).map(move |name| (namespace, name.clone()))
                });
                self.accounts(world, mounted.collect())
            }
            Node::Hosted(node) => {
                let running = world.on_node(&node).cloned().collect();
                self.accounts(world, running)
            }
            Node::Users => {
                let named = world.users.iter().map(|name| Identity::user(name));
                named.map(|identity| self.agent(identity)).collect()
            }
            Node::Certified => self.certified(world),
            Node::ClusterRoles(scope) => {
                let roles: Vec<u32> = world.roles_in("").collect();
                self.granted(world, roles, |_| Some(scope))
            }
            Node::Roles(place) => {
                let mut granted = Vec::new();
                for namespace in spaces(world, place) {
                    let roles = world.roles_in(world.namespace(namespace)).collect();
                    granted.extend(self.granted(world, roles, |_| Some(Scope::In(namespace))));
                }
                granted
            }
            Node::Root => vec![self.id(Node::Mounted(None))],
            _ => Vec::new(),
        }
    }

    fn accounts(&mut self, world: &World<'_>, accounts: Vec<(NamespaceId, Text)>) -> Vec<NodeId> {
        let identity = |(namespace, name): (NamespaceId, Text)| world.account(namespace, &name);
        accounts
            .into_iter()
            .map(|account| self.id(Node::Agent(Rc::new(identity(account)))))
            .collect()
    }

    fn granted(
        &mut self,
        world: &World<'_>,
        roles: Vec<u32>,
        scope: impl Fn(u32) -> Option<Scope>,
    ) -> Vec<NodeId> {
        let matter = |role: &u32| world.role_facts(*role).is_some_and(|facts| facts.matter());
        let roles = roles.into_iter().filter(matter);
        roles.filter_map(|role| Some(self.id(Node::Granted(role, scope(role)?)))).collect()
    }

    /// Returns the users of client certificates: every user that a binding names and another one,
    /// in all groups that bindings name but `system:masters`.
    fn certified(&mut self, world: &World<'_>) -> Vec<NodeId> {
        let mut groups: BTreeSet<Text> = world.groups.clone();
        groups.remove("system:masters");
        groups.insert("system:authenticated".into());
        let groups: Vec<Text> = groups.into_iter().collect();
        let users = world.written_users.iter().cloned().chain([anybody()]);
        let users = users.chain(world.kept.user.clone());
        let users: Vec<Text> = users.collect();
        let identity = |user| Identity { user, groups: groups.clone(), ..Identity::default() };
        users.into_iter().map(|user| self.agent(identity(user))).collect()
    }
}

fn spaces(world: &World<'_>, place: Place) -> Vec<NamespaceId> {
    match place {
        Some(namespace) => vec![namespace],
        None => world.all_namespaces().collect(),
    }
}

fn accounts(world: &World<'_>, place: Place) -> Vec<(NamespaceId, Text)> {
    let spaces = spaces(world, place).into_iter();
    let accounts = spaces.flat_map(|namespace| {
        world.accounts_in(namespace).iter().map(move |name| (namespace, name.clone()))
    });
    accounts.collect()
}

fn impersonable(world: &World<'_>, place: Place) -> Vec<(NamespaceId, Text)> {
    let mut found = accounts(world, place);
    let ghosts = world.ghosts();
    let ghosts =
        ghosts.filter_map(|(namespace, name)| Some((world.namespace_id(namespace)?, name.clone())));
    found.extend(ghosts.filter(|(it, _)| place.is_none_or(|place| place == *it)));
    if let Some((namespace, name)) = &world.kept.account
        && let Some(id) = world.namespace_id(namespace)
        && place.is_none_or(|place| place == id)
    {
        found.push((id, name.clone()));
    }
    // Others are only in the groups of ServiceAccounts.
    for namespace in spaces(world, place) {
        if world.accounts_in(namespace).is_empty() {
            found.push((namespace, anybody()));
        }
    }
    found
}
