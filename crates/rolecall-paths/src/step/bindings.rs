//! X13 to X16: bindings of roles to oneself.

use rolecall_rbac::{PolicyRule, covers};

use super::{Ask, Expander, Half, Site};
use crate::Row;
use crate::names::Names;
use crate::need::{Resource, Verb};
use crate::node::{Node, Place, Scope};

/// How a role can be bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Right {
    Bind,
    Cover,
}

impl Expander<'_, '_> {
    /// X13 and X14, and a half of X18.
    pub(super) fn role_binding_steps(&mut self, site: &Site<'_>) {
        let created = self.create(site, Resource::RoleBindings).in_scope(site.scope);
        let changed = site.change(Resource::RoleBindings);
        if created.is_empty() && !changed.has_named() {
            return;
        }
        let bind_roles = site.inner.names(Resource::Roles, Verb::Bind);
        let bind_cluster_roles = site.inner.names(Resource::ClusterRoles, Verb::Bind);
        for place in created {
            self.bind_in(site, place, bind_roles, bind_cluster_roles);
            if bind_roles.has_named() {
                self.half(Half::BindRole(place, bind_roles.clone()), |expander, name| {
                    let namespace = Some(expander.namespace(place));
                    let mut asks = expander.create_asks(site, Resource::RoleBindings, namespace);
                    let name = name.map_or(super::NEW, |name| name);
                    asks.push(Ask::new(Resource::Roles, Verb::Bind, namespace, name));
                    asks
                });
            }
            if bind_cluster_roles.has_named() {
                let half = Half::BindClusterRole(Scope::of(place), bind_cluster_roles.clone());
                self.half(half, |expander, name| {
                    let namespace = Some(expander.namespace(place));
                    let mut asks = expander.create_asks(site, Resource::RoleBindings, namespace);
                    let name = name.map_or(super::NEW, |name| name);
                    asks.push(Ask::new(Resource::ClusterRoles, Verb::Bind, namespace, name));
                    asks
                });
            }
            self.bind_candidates(site, place);
        }
        self.change_role_bindings(site, &changed);
    }

    fn bind_in(&mut self, site: &Site<'_>, place: Place, roles: &Names, cluster_roles: &Names) {
        let world = self.world;
        let scope = Scope::of(place);
        if cluster_roles.any {
            let pool = self.nodes.id(Node::ClusterRoles(scope));
            self.edge(Row::X13, pool, |expander| {
                expander.bind_asks(site, place, Resource::ClusterRoles, Right::Bind)
            });
        } else {
            for name in &cluster_roles.listed {
                let role = world.role_named("", name);
                self.grant(site, role, place, Resource::ClusterRoles, Right::Bind);
            }
        }
        if roles.any {
            let pool = self.nodes.id(Node::Roles(place));
            self.edge(Row::X13, pool, |expander| {
                expander.bind_asks(site, place, Resource::Roles, Right::Bind)
            });
            return;
        }
        for name in &roles.listed {
            for namespace in self.placed_in(scope, Resource::Roles, name) {
                let role = world.role_named(world.namespace(namespace), name);
                self.grant(site, role, Some(namespace), Resource::Roles, Right::Bind);
            }
        }
    }

    /// Adds the step to a role that is bound in a place.
    fn grant(
        &mut self,
        site: &Site<'_>,
        role: Option<u32>,
        place: Place,
        resource: Resource,
        right: Right,
    ) {
        let matters = |role: &u32| self.world.role_facts(*role).is_some_and(|it| it.matter());
        let Some(role) = role.filter(|role| right == Right::Cover || matters(role)) else { return };
        let target = self.nodes.id(Node::Granted(role, Scope::of(place)));
        self.edge(Row::X13, target, |expander| {
            let mut asks = expander.bind_asks(site, place, resource, right);
            if let (Some(last), Some(found)) = (asks.last_mut(), expander.world.role(role)) {
                last.name = found.metadata.name.clone();
                last.covers = (right == Right::Cover).then_some(role);
            }
            asks
        });
    }

    /// Returns the requests that bind a role.
    fn bind_asks(
        &self,
        site: &Site<'_>,
        place: Place,
        resource: Resource,
        right: Right,
    ) -> Vec<Ask> {
        let namespace = Some(self.namespace(place));
        let mut asks = self.create_asks(site, Resource::RoleBindings, namespace);
        let name = self.wanted_name().unwrap_or_default();
        let mut bind = Ask::new(resource, Verb::Bind, namespace, &name);
        if right == Right::Bind && resource == Resource::ClusterRoles {
            bind.covers = None;
        }
        asks.push(bind);
        asks
    }

    /// Adds the steps to further roles that can be bound in a place, or whose rules are held.
    fn bind_candidates(&mut self, site: &Site<'_>, place: Place) {
        let world = self.world;
        let mut own: Option<Vec<PolicyRule>> = None;
        for candidate in self.candidates {
            let Some(role) = world.role(*candidate) else { continue };
            let namespace = &role.metadata.namespace;
            let (resource, place) = if role.is_cluster_role() {
                (Resource::ClusterRoles, place)
            } else {
                let Some(id) = world.namespace_id(namespace) else { continue };
                if place.is_some_and(|place| place != id) {
                    continue;
                }
                (Resource::Roles, Some(id))
            };
            if site.inner.names(resource, Verb::Bind).allow(&role.metadata.name) {
                let target = self.nodes.id(Node::Granted(*candidate, Scope::of(place)));
                self.edge(Row::X13, target, |expander| {
                    let mut asks = expander.bind_asks(site, place, resource, Right::Bind);
                    if let Some(last) = asks.last_mut() {
                        last.name = role.metadata.name.clone();
                    }
                    asks
                });
                continue;
            }
            let own = own.get_or_insert_with(|| self.owner_rules(site));
            if covers(own, &role.rules).is_complete() {
                self.grant(site, Some(*candidate), place, resource, Right::Cover);
            }
        }
    }

    /// Returns the rules of the identity whose rights the server checks.
    fn owner_rules(&mut self, site: &Site<'_>) -> Vec<PolicyRule> {
        let mut actors = self.actors.to_vec();
        if let Some(Node::Borrowed(_, target, _)) =
            actors.first().map(|actor| self.nodes.get(*actor).clone())
        {
            actors = vec![target];
        }
        self.rules_at(site.scope, &actors)
    }

    fn change_role_bindings(&mut self, site: &Site<'_>, changed: &Names) {
        if !changed.has_named() {
            return;
        }
        let world = self.world;
        let place = site.scope.place();
        let mut own: Option<Vec<PolicyRule>> = None;
        for position in world.role_bindings(place) {
            let Some(binding) = world.inventory().bindings().get(position as usize) else { break };
            let metadata = &binding.metadata;
            if binding.is_cluster_role_binding() || !changed.allow(&metadata.name) {
                continue;
            }
            let Some(namespace) = world.namespace_id(&metadata.namespace) else { continue };
            let Some(role) = world.role_of(position) else { continue };
            let Some(found) = world.role(role) else { continue };
            let resource = match found.is_cluster_role() {
                true => Resource::ClusterRoles,
                false => Resource::Roles,
            };
            let binds = site.inner.names(resource, Verb::Bind).allow(&found.metadata.name);
            let matters = world.role_facts(role).is_some_and(|facts| facts.matter());
            let is_candidate = self.candidates.contains(&role);
            let right = if binds && (matters || is_candidate) {
                Right::Bind
            } else if is_candidate
                && covers(own.get_or_insert_with(|| self.owner_rules(site)), &found.rules)
                    .is_complete()
            {
                Right::Cover
            } else {
                continue;
            };
            let target = self.nodes.id(Node::Granted(role, Scope::In(namespace)));
            self.edge(Row::X14, target, |expander| {
                let there = Some(namespace);
                let change =
                    expander.change_ask(site, Resource::RoleBindings, there, &metadata.name);
                let mut bind = Ask::new(resource, Verb::Bind, there, &found.metadata.name);
                bind.covers = (right == Right::Cover).then_some(role);
                vec![change, bind]
            });
        }
    }

    /// X15 and X16, and a half of X18.
    pub(super) fn cluster_role_binding_steps(&mut self, site: &Site<'_>) {
        let creates = !self.create(site, Resource::ClusterRoleBindings).is_empty();
        let changed = site.change(Resource::ClusterRoleBindings);
        if !creates && !changed.has_named() {
            return;
        }
        let bind = site.inner.names(Resource::ClusterRoles, Verb::Bind);
        if creates && bind.any {
            let pool = self.nodes.id(Node::ClusterRoles(Scope::Cluster));
            self.edge(Row::X15, pool, |expander| {
                let name = expander.wanted_name().unwrap_or_default();
                expander.bind_everywhere_asks(site, &name, None)
            });
        }
        if creates && bind.has_named() {
            let half = Half::BindClusterRole(Scope::Cluster, bind.clone());
            self.half(half, |expander, name| {
                let name = name.map_or(super::NEW, |name| name);
                expander.bind_everywhere_asks(site, name, None)
            });
        }
        self.bind_everywhere(site, bind, creates, &changed);
    }

    fn bind_everywhere(&mut self, site: &Site<'_>, bind: &Names, creates: bool, changed: &Names) {
        let world = self.world;
        let mut own: Option<Vec<PolicyRule>> = None;
        let mut right_to = |expander: &mut Self, role: u32| {
            let found = world.role(role)?;
            let matters = world.role_facts(role).is_some_and(|facts| facts.matter());
            let is_candidate = expander.candidates.contains(&role);
            if bind.allow(&found.metadata.name) && (matters || is_candidate) {
                return Some(Right::Bind);
            }
            let covered = is_candidate
                && covers(own.get_or_insert_with(|| expander.owner_rules(site)), &found.rules)
                    .is_complete();
            covered.then_some(Right::Cover)
        };
        let named = bind.listed.iter().filter_map(|name| world.role_named("", name));
        let candidates = self.candidates.iter().copied();
        let cluster_roles =
            candidates.filter(|role| world.role(*role).is_some_and(|role| role.is_cluster_role()));
        let mut roles: Vec<u32> = match creates {
            true => named.chain(cluster_roles).collect(),
            false => Vec::new(),
        };
        roles.sort_unstable();
        roles.dedup();
        for role in roles {
            let Some(right) = right_to(self, role) else { continue };
            let target = self.nodes.id(Node::Granted(role, Scope::Cluster));
            self.edge(Row::X15, target, |expander| {
                let name = world.role(role).map(|it| it.metadata.name.clone()).unwrap_or_default();
                let covered = (right == Right::Cover).then_some(role);
                expander.bind_everywhere_asks(site, &name, covered)
            });
        }
        for (binding, position) in world.inventory().bindings().iter().zip(0..) {
            if !binding.is_cluster_role_binding() {
                break;
            }
            let metadata = &binding.metadata;
            if !changed.allow(&metadata.name) {
                continue;
            }
            let Some(role) = world.role_of(position) else { continue };
            let Some(right) = right_to(self, role) else { continue };
            let target = self.nodes.id(Node::Granted(role, Scope::Cluster));
            self.edge(Row::X16, target, |expander| {
                let name = &binding.role_ref.name;
                let change =
                    expander.change_ask(site, Resource::ClusterRoleBindings, None, &metadata.name);
                let mut bind = Ask::new(Resource::ClusterRoles, Verb::Bind, None, name);
                bind.covers = (right == Right::Cover).then_some(role);
                vec![change, bind]
            });
        }
    }

    fn bind_everywhere_asks(&self, site: &Site<'_>, name: &str, covered: Option<u32>) -> Vec<Ask> {
        let mut asks = self.create_asks(site, Resource::ClusterRoleBindings, None);
        let mut bind = Ask::new(Resource::ClusterRoles, Verb::Bind, None, name);
        bind.covers = covered;
        asks.push(bind);
        asks
    }
}
