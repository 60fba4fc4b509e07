//! X09 to X12: impersonation.

use std::collections::BTreeSet;

use rolecall_rbac::{Identity, ServiceAccountName, Text};

use super::{Ask, Expander, Site};
use crate::Row;
use crate::caps::ScopedCaps;
use crate::names::Names;
use crate::need::{Mode, Need, Resource, Verb};
use crate::node::{Node, NodeId, Scope};
use crate::world::NamespaceId;

/// The name of an identity that can be anybody.
pub(crate) const ANYBODY: &str = "rolecall-anybody";

/// Returns the name of an identity that can be anybody.
pub(crate) fn anybody() -> Text {
    ANYBODY.into()
}

const MASTERS: &str = "system:masters";

impl Expander<'_, '_> {
    /// X09: a ServiceAccount.
    pub(super) fn account_steps(&mut self, site: &Site<'_>) {
        let names = site.inner.names(Resource::Accounts, Verb::Impersonate);
        if names.any {
            let pool = self.nodes.id(Node::Impersonable(site.scope.place()));
            self.edge(Row::X09, pool, |expander| {
                let namespace = expander.namespace(site.scope.place());
                let name = expander.wanted_name().unwrap_or_else(|| ANYBODY.into());
                vec![impersonate(Resource::Accounts, Some(namespace), &name)]
            });
            return;
        }
        for name in names.listed.iter().filter(|name| is_account(name)) {
            for namespace in self.impersonated_in(site.scope, name) {
                let agent = self.agent_of(namespace, name);
                self.edge(Row::X09, agent, |_| {
                    vec![impersonate(Resource::Accounts, Some(namespace), name)]
                });
            }
        }
    }

    /// Returns the namespaces in which a ServiceAccount of a name, existing or not, has rights.
    fn impersonated_in(&self, scope: Scope, name: &Text) -> Vec<NamespaceId> {
        if let Some(namespace) = scope.place() {
            return vec![namespace];
        }
        let world = self.world;
        let mut found: BTreeSet<NamespaceId> =
            world.placed(Resource::Accounts, name).iter().copied().collect();
        let ghosts = world.ghosts().filter(|(_, ghost)| ghost == name);
        found.extend(ghosts.filter_map(|(namespace, _)| world.namespace_id(namespace)));
        found.extend(world.all_namespaces().filter(|it| world.binds_group_of(*it)));
        let kept = world.kept.account.iter().filter(|(_, kept)| kept == name);
        found.extend(kept.filter_map(|(namespace, _)| world.namespace_id(namespace)));
        // One of all others, which are only in the group of all ServiceAccounts.
        found.extend(world.all_namespaces().next());
        found.into_iter().collect()
    }

    /// X10 and X11: users, and members of groups.
    pub(super) fn user_steps(&mut self, site: &Site<'_>, caps: &ScopedCaps) {
        let users = site.inner.names(Resource::Users, Verb::Impersonate);
        if users.any {
            let pool = self.nodes.id(Node::Users);
            self.edge(Row::X10, pool, |expander| {
                let name = expander.wanted_name().unwrap_or_else(|| ANYBODY.into());
                vec![impersonate(Resource::Users, None, &name)]
            });
        } else {
            for name in users.listed.iter().filter(|name| self.world.users.contains(*name)) {
                let agent = self.nodes.agent(Identity::user(name));
                self.edge(Row::X10, agent, |_| vec![impersonate(Resource::Users, None, name)]);
            }
        }
        self.group_steps(site, users, caps);
    }

    fn group_steps(&mut self, site: &Site<'_>, users: &Names, caps: &ScopedCaps) {
        let groups = site.inner.names(Resource::Groups, Verb::Impersonate);
        if !groups.has_named() {
            return;
        }
        let is_user = |name: &&Text| ServiceAccountName::parse(name).is_none();
        let any_user = users.any.then(|| Text::from(ANYBODY));
        let user = any_user.or_else(|| users.listed.iter().find(is_user).cloned());
        let account = self.some_account(caps);
        let anybody = match (&user, &account) {
            (Some(user), _) => impersonate(Resource::Users, None, user),
            (None, Some((namespace, name))) => {
                impersonate(Resource::Accounts, Some(*namespace), name)
            }
            (None, None) => return,
        };
        if groups.allow(MASTERS) {
            let target = self.nodes.id(Node::ClusterAdmin);
            let anybody = anybody.clone();
            self.edge(Row::X11, target, |_| {
                vec![anybody, impersonate(Resource::Groups, None, MASTERS)]
            });
        }
        let bound = self.world.groups.iter().filter(|it| groups.allow(it) && &***it != MASTERS);
        let bound: Vec<Text> = bound.cloned().collect();
        if bound.is_empty() {
            return;
        }
        let mut users_or_accounts: Vec<(Text, Ask)> = Vec::new();
        if users.any {
            users_or_accounts.push((ANYBODY.into(), anybody.clone()));
            let kept = self.world.kept.user.iter();
            let kept = kept.filter(|name| ServiceAccountName::parse(name).is_none());
            let all = self.world.users.iter().chain(kept);
            users_or_accounts
                .extend(all.map(|name| (name.clone(), impersonate(Resource::Users, None, name))));
        } else {
            let listed = users.listed.iter().filter(is_user);
            users_or_accounts.extend(
                listed.map(|name| (name.clone(), impersonate(Resource::Users, None, name))),
            );
        }
        for (namespace, name) in self.impersonated_accounts(caps) {
            let user = self.world.account(namespace, &name).user;
            let ask = impersonate(Resource::Accounts, Some(namespace), &name);
            users_or_accounts.push((user, ask));
        }
        for (user, ask) in users_or_accounts {
            for groups in memberships(&bound) {
                let identity = Identity { user: user.clone(), groups, ..Identity::default() };
                let agent = self.nodes.agent(identity);
                let (ask, bound) = (ask.clone(), &bound);
                self.edge(Row::X11, agent, |_| {
                    let groups = bound.iter().map(|it| impersonate(Resource::Groups, None, it));
                    std::iter::once(ask).chain(groups).collect()
                });
            }
        }
    }

    /// Returns some ServiceAccount that can be impersonated, existing or not.
    fn some_account(&self, caps: &ScopedCaps) -> Option<(NamespaceId, Text)> {
        let first = self.world.all_namespaces().next().map(|namespace| (namespace, &caps.each));
        let spaces = caps.spaces.iter().map(|(namespace, caps)| (*namespace, caps));
        first.into_iter().chain(spaces).find_map(|(namespace, caps)| {
            let names = caps.names(Resource::Accounts, Verb::Impersonate);
            let any = names.any.then(|| Text::from(ANYBODY));
            let listed = || names.listed.iter().find(|name| is_account(name)).cloned();
            Some((namespace, any.or_else(listed)?))
        })
    }

    /// Returns the ServiceAccounts that can be impersonated.
    fn impersonated_accounts(&self, caps: &ScopedCaps) -> Vec<(NamespaceId, Text)> {
        let mut found: BTreeSet<(NamespaceId, Text)> = BTreeSet::new();
        let spaces = caps.spaces.iter().map(|(it, caps)| (Scope::In(*it), caps));
        for (scope, caps) in std::iter::once((Scope::Each, &caps.each)).chain(spaces) {
            let names = caps.names(Resource::Accounts, Verb::Impersonate);
            for name in names.listed.iter().filter(|name| is_account(name)) {
                found.extend(
                    self.impersonated_in(scope, name).into_iter().map(|it| (it, name.clone())),
                );
            }
            if names.any {
                let bound = self.world.bound_accounts.iter();
                let bound = bound.filter_map(|(namespace, name)| {
                    Some((self.world.namespace_id(namespace)?, name.clone()))
                });
                found.extend(
                    bound.filter(|(it, _)| scope.place().is_none_or(|namespace| namespace == *it)),
                );
                let other = scope.place().or_else(|| self.world.all_namespaces().next());
                found.extend(other.map(|namespace| (namespace, ANYBODY.into())));
            }
        }
        found.into_iter().collect()
    }

    /// X12: some requests as another identity.
    pub(super) fn limited_steps(&mut self, caps: &ScopedCaps) {
        let Some(actor) = self.actors.first().copied() else { return };
        for (namespace, name) in self.limited_accounts(caps) {
            // All requests as the identity include these.
            let direct = caps.in_namespace(namespace).names(Resource::Accounts, Verb::Impersonate);
            if direct.allow(&name) {
                continue;
            }
            let identity = self.world.account(namespace, &name);
            let ask = impersonate(Resource::LimitedAccounts, Some(namespace), &name);
            self.borrow(actor, identity, Mode::Account, vec![ask]);
        }
        let direct = |resource| caps.cluster.names(resource, Verb::Impersonate).any;
        if direct(Resource::Users) && direct(Resource::Groups) {
            return;
        }
        let users = caps.cluster.names(Resource::LimitedUsers, Verb::Impersonate).clone();
        let groups = caps.cluster.names(Resource::LimitedGroups, Verb::Impersonate);
        let bound: Vec<Text> = (self.world.groups.iter())
            .filter(|name| groups.allow(name) && &***name != MASTERS)
            .cloned()
            .collect();
        let is_user = |name: &&Text| {
            ServiceAccountName::parse(name).is_none() && !name.starts_with("system:node:")
        };
        let mut named: BTreeSet<Text> = users.listed.iter().filter(is_user).cloned().collect();
        if users.any {
            named.extend(self.world.users.iter().filter(is_user).cloned());
            named.insert(ANYBODY.into());
        }
        for user in named {
            let ask = impersonate(Resource::LimitedUsers, None, &user);
            self.borrow(actor, Identity::user(&user), Mode::User, vec![ask.clone()]);
            if bound.is_empty() {
                continue;
            }
            for groups in memberships(&bound) {
                let identity = Identity { user: user.clone(), groups, ..Identity::default() };
                let groups = bound.iter().map(|it| impersonate(Resource::LimitedGroups, None, it));
                let asks = std::iter::once(ask.clone()).chain(groups).collect();
                self.borrow(actor, identity, Mode::User, asks);
            }
        }
        let nodes = caps.cluster.names(Resource::LimitedNodes, Verb::Impersonate).clone();
        let mut named: BTreeSet<Text> = nodes.listed.clone();
        if nodes.any {
            let users = self.world.users.iter().filter_map(|it| it.strip_prefix("system:node:"));
            named.extend(users.map(Text::from));
            named.insert(ANYBODY.into());
        }
        for node in named {
            let user = format!("system:node:{node}");
            let identity = Identity::user(&user).with_group("system:nodes");
            let ask = impersonate(Resource::LimitedNodes, None, &node);
            self.borrow(actor, identity, Mode::Node, vec![ask]);
        }
    }

    fn limited_accounts(&self, caps: &ScopedCaps) -> BTreeSet<(NamespaceId, Text)> {
        let mut found = BTreeSet::new();
        let spaces = caps.spaces.iter().map(|(it, caps)| (Scope::In(*it), caps));
        for (scope, caps) in std::iter::once((Scope::Each, &caps.each)).chain(spaces) {
            let names = caps.names(Resource::LimitedAccounts, Verb::Impersonate);
            for name in names.listed.iter().filter(|name| is_account(name)) {
                let there = self.impersonated_in(scope, name);
                found.extend(there.into_iter().map(|it| (it, name.clone())));
            }
            let is_direct = caps.names(Resource::Accounts, Verb::Impersonate).any;
            if names.any && !is_direct {
                let spaces: Vec<NamespaceId> = match scope.place() {
                    Some(namespace) => vec![namespace],
                    None => self.world.all_namespaces().collect(),
                };
                for namespace in spaces {
                    let accounts = self.world.accounts_in(namespace).iter().cloned();
                    found.extend(accounts.map(|name| (namespace, name)));
                    found.insert((namespace, ANYBODY.into()));
                }
                let ghosts = self.world.ghosts().filter_map(|(namespace, name)| {
                    Some((self.world.namespace_id(namespace)?, name.clone()))
                });
                found.extend(
                    ghosts.filter(|(it, _)| scope.place().is_none_or(|namespace| namespace == *it)),
                );
            }
        }
        found
    }

    fn borrow(&mut self, actor: NodeId, identity: Identity, mode: Mode, asks: Vec<Ask>) {
        let target = self.nodes.agent(identity);
        if self.nodes.held(self.world, target).is_empty() {
            return;
        }
        let borrowed = self.nodes.id(Node::Borrowed(actor, target, mode));
        self.edge(Row::X12, borrowed, |_| asks);
    }
}

/// Returns the lists of groups of an impersonated user: the server adds `system:authenticated`
/// unless the request names it or `system:unauthenticated`.
fn memberships(groups: &[Text]) -> Vec<Vec<Text>> {
    const AUTHENTICATED: &str = "system:authenticated";
    const UNAUTHENTICATED: &str = "system:unauthenticated";
    let has = |wanted: &str| groups.iter().any(|group| &**group == wanted);
    if has(AUTHENTICATED) {
        return vec![groups.to_vec()];
    }
    let mut authenticated: Vec<Text> =
        groups.iter().filter(|group| &***group != UNAUTHENTICATED).cloned().collect();
    authenticated.push(AUTHENTICATED.into());
    match has(UNAUTHENTICATED) {
        true => vec![authenticated, groups.to_vec()],
        false => vec![authenticated],
    }
}

/// Returns whether the server reads the user name of a ServiceAccount of this name as such. Else it
/// checks the right to impersonate the user.
fn is_account(name: &str) -> bool {
    ServiceAccountName::parse(&Identity::service_account("default", name).user).is_some()
}

fn impersonate(resource: Resource, namespace: Option<NamespaceId>, name: &str) -> Ask {
    Ask { need: Need::new(resource, Verb::Impersonate), namespace, name: name.into(), covers: None }
}
