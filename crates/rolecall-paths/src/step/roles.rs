//! The halves of X17 to X19: roles with any rules.

use rolecall_rbac::Text;

use super::{Ask, Existence, Expander, Half, Site};
use crate::names::Names;
use crate::need::{Resource, Verb};
use crate::node::Place;
use crate::world::NamespaceId;

impl Expander<'_, '_> {
    /// Adds the halves about Roles.
    pub(super) fn role_steps(&mut self, site: &Site<'_>) {
        let escalate = site.inner.names(Resource::Roles, Verb::Escalate);
        if escalate.is_empty() {
            return;
        }
        let place: Place = site.scope.place();
        let rewritten = site.change(Resource::Roles).and(escalate);
        if rewritten.has_named() {
            self.half(Half::RewriteRole(place, rewritten), |expander, name| {
                let namespace = Some(expander.namespace(place));
                expander.rewrite_asks(site, Resource::Roles, namespace, name)
            });
        }
        let names = self.new_names(site, Resource::Roles, escalate);
        if names.has_named() {
            self.half(Half::NewRole(place, names), |expander, name| {
                let namespace = Some(expander.namespace(place));
                expander.new_role_asks(site, Resource::Roles, namespace, name)
            });
        }
    }

    /// Adds the halves about ClusterRoles.
    pub(super) fn cluster_role_steps(&mut self, site: &Site<'_>) {
        let escalate = site.inner.names(Resource::ClusterRoles, Verb::Escalate);
        if escalate.is_empty() {
            return;
        }
        let rewritten = site.change(Resource::ClusterRoles).and(escalate);
        if rewritten.has_named() {
            self.half(Half::RewriteClusterRole(rewritten.clone()), |expander, name| {
                expander.rewrite_asks(site, Resource::ClusterRoles, None, name)
            });
            self.half(Half::Label(Existence::Existing, rewritten), |expander, name| {
                expander.rewrite_asks(site, Resource::ClusterRoles, None, name)
            });
        }
        let names = self.new_names(site, Resource::ClusterRoles, escalate);
        if names.has_named() {
            self.half(Half::NewClusterRole(names.clone()), |expander, name| {
                expander.new_role_asks(site, Resource::ClusterRoles, None, name)
            });
        }
        let listed = names.listed.iter();
        let absent = listed.filter(|name| !self.world.exists(Resource::ClusterRoles, name));
        let absent = Names { listed: absent.cloned().collect(), ..names.clone() };
        if absent.has_named() {
            self.half(Half::Label(Existence::New, absent), |expander, name| {
                expander.new_role_asks(site, Resource::ClusterRoles, None, name)
            });
        }
    }

    /// Returns the names under which objects can be created while a further check passes: any by
    /// POST, which checks it without a name, or those that pass an apply.
    pub(super) fn new_names(&self, site: &Site<'_>, resource: Resource, checked: &Names) -> Names {
        if site.outer.names(resource, Verb::Create).unnamed && checked.unnamed {
            return Names::ANY;
        }
        let applied = site.outer.names(resource, Verb::Patch);
        applied.and(site.inner.names(resource, Verb::Create)).and(checked)
    }

    fn rewrite_asks(
        &self,
        site: &Site<'_>,
        resource: Resource,
        namespace: Option<NamespaceId>,
        name: Option<&Text>,
    ) -> Vec<Ask> {
        let name: &str = name.map_or("", |name| name);
        let change = self.change_ask(site, resource, namespace, name);
        vec![change, Ask::new(resource, Verb::Escalate, namespace, name)]
    }

    fn new_role_asks(
        &self,
        site: &Site<'_>,
        resource: Resource,
        namespace: Option<NamespaceId>,
        name: Option<&Text>,
    ) -> Vec<Ask> {
        let posts = site.outer.names(resource, Verb::Create).unnamed
            && site.inner.names(resource, Verb::Escalate).unnamed;
        if posts {
            let escalate = Ask::new(resource, Verb::Escalate, namespace, "");
            return vec![Ask::new(resource, Verb::Create, namespace, ""), escalate];
        }
        let name: &str = name.map_or(super::NEW, |name| name);
        let mut asks = self.apply_asks(resource, namespace, name);
        asks.push(Ask::new(resource, Verb::Escalate, namespace, name));
        asks
    }
}
