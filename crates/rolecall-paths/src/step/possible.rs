//! X26: steps that depend on something outside the input.

use rolecall_rbac::{Identity, Text};

use super::{Ask, Expander, Half, Site};
use crate::Row;
use crate::assumptions::Reach;
use crate::names::Names;
use crate::need::{CUSTOM, Resource, Verb};
use crate::node::{Node, Scope};

const BOOTSTRAPPERS: &str = "system:bootstrappers";
/// The user of a bootstrap token, without the identifier of the token.
const BOOTSTRAP_USER: &str = "system:bootstrap:";
/// The name of the Secret of a bootstrap token, without the identifier.
const BOOTSTRAP_SECRET: &str = "bootstrap-token-";
/// The identifier of a new bootstrap token.
const NEW_TOKEN: &str = "aaaaaa";

impl Expander<'_, '_> {
    /// Adds the steps in namespaces.
    pub(super) fn possible_steps(&mut self, site: &Site<'_>) {
        if self.world.assumptions.reach == Reach::Certain || site.outer.is_empty() {
            return;
        }
        self.bootstrap_tokens(site);
        self.named_secrets(site);
        self.custom_resources(site);
    }

    /// Adds the steps in the cluster scope.
    pub(super) fn possible_cluster_steps(&mut self, site: &Site<'_>) {
        if self.world.assumptions.reach == Reach::Certain || site.outer.is_empty() {
            return;
        }
        for resource in [Resource::ApiServices, Resource::CustomDefinitions] {
            let creates = !self.create(site, resource).is_empty();
            let changed = site.change(resource);
            if !creates && !changed.has_named() {
                continue;
            }
            let target = self.nodes.id(Node::ClusterAdmin);
            self.edge(Row::X26, target, |expander| match creates {
                true => expander.create_asks(site, resource, None),
                false => {
                    let name = changed.listed.first().filter(|_| !changed.any);
                    vec![expander.change_ask(site, resource, None, name.map_or("", |name| name))]
                }
            });
        }
        if !self.create(site, Resource::PersistentVolumes).is_empty() {
            self.half(Half::CreateVolume, |expander, _| {
                expander.create_asks(site, Resource::PersistentVolumes, None)
            });
        }
    }

    /// A bootstrap token authenticates as a user in groups for bootstrapping.
    fn bootstrap_tokens(&mut self, site: &Site<'_>) {
        let world = self.world;
        let system = world.namespace_id("kube-system");
        if system.is_none() || site.scope.place().is_some_and(|place| Some(place) != system) {
            return;
        }
        for token in self.new_tokens(site) {
            let user: Text = format!("{BOOTSTRAP_USER}{token}").into();
            let mut groups: Vec<Text> = vec![BOOTSTRAPPERS.into()];
            groups.extend(world.groups.iter().filter(|it| is_bootstrap_group(it)).cloned());
            groups.push("system:authenticated".into());
            let agent = self.nodes.agent(Identity { user, groups, ..Identity::default() });
            self.edge(Row::X26, agent, |expander| {
                if site.outer.names(Resource::Secrets, Verb::Create).unnamed {
                    return expander.create_asks(site, Resource::Secrets, system);
                }
                let name = format!("{BOOTSTRAP_SECRET}{token}");
                expander.apply_asks(Resource::Secrets, system, &name)
            });
        }
    }

    /// Returns the identifiers of the tokens that can be created: those of users that bindings name,
    /// and a new one.
    fn new_tokens(&self, site: &Site<'_>) -> Vec<Text> {
        let scope = self.world.namespace_id("kube-system").map_or(Scope::Each, Scope::In);
        let names = self.new_names(site, Resource::Secrets, &Names::ANY);
        let is_free = |name: &Text| self.absent(Resource::Secrets, name, scope).whole;
        if !names.any {
            let listed = names.listed.iter().filter(|name| is_free(name));
            let tokens = listed.filter_map(|name| name.strip_prefix(BOOTSTRAP_SECRET));
            return tokens.filter(|token| is_token(token)).map(Text::from).collect();
        }
        let users = self.world.users.iter().filter_map(|user| user.strip_prefix(BOOTSTRAP_USER));
        let named = users.filter(|token| is_token(token)).map(Text::from);
        named.chain([NEW_TOKEN.into()]).collect()
    }

    /// X07 with a named get: whether the Secret exists is not known.
    fn named_secrets(&mut self, site: &Site<'_>) {
        let place = site.scope.place();
        let created = self.new_names(site, Resource::Secrets, &Names::ANY);
        if created.has_named() {
            self.half(Half::NameSecret(place, created), |expander, name| {
                let namespace = Some(expander.namespace(place));
                if site.outer.names(Resource::Secrets, Verb::Create).unnamed {
                    return expander.create_asks(site, Resource::Secrets, namespace);
                }
                let name = name.map_or(super::NEW, |name| name);
                expander.apply_asks(Resource::Secrets, namespace, name)
            });
        }
        for verb in [Verb::Get, Verb::List, Verb::Watch] {
            let read = site.outer.names(Resource::Secrets, verb);
            if read.any || read.listed.is_empty() {
                continue;
            }
            let half = Half::ReadNamed(place, verb, read.clone());
            self.half(half, |expander, name| {
                let namespace = Some(expander.namespace(place));
                let name = name.map_or(super::NEW, |name| name);
                vec![Ask::new(Resource::Secrets, verb, namespace, name)]
            });
        }
    }

    /// Operators create Pods from custom resources, with any ServiceAccount of the namespace.
    fn custom_resources(&mut self, site: &Site<'_>) {
        for (resource, ..) in CUSTOM {
            let created = self.create(site, resource);
            for place in created.in_scope(site.scope) {
                let pool = self.nodes.id(Node::Accounts(place));
                self.edge(Row::X26, pool, |expander| {
                    let namespace = Some(expander.namespace(place));
                    expander.create_asks(site, resource, namespace)
                });
            }
            if created.whole {
                continue;
            }
            for (namespace, name) in self.workloads_to_change(site, resource) {
                let pool = self.nodes.id(Node::Accounts(Some(namespace)));
                self.edge(Row::X26, pool, |expander| {
                    vec![expander.change_workload(site, resource, namespace, name.as_ref())]
                });
            }
        }
    }
}

/// Returns whether a bootstrap token can name a group.
fn is_bootstrap_group(name: &str) -> bool {
    let rest = name.strip_prefix(BOOTSTRAPPERS).and_then(|rest| rest.strip_prefix(':'));
    rest.is_some_and(|rest| {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        rest.bytes().all(|byte| is_part(byte) || byte == b':' || byte == b'-')
            && rest.bytes().last().is_some_and(is_part)
    })
}

/// Returns whether a text is the identifier of a bootstrap token.
fn is_token(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}
