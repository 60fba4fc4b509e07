//! X01 to X08 and X23, X24: tokens of ServiceAccounts, and Pods.

use rolecall_rbac::Text;

use super::{Ask, Expander, Half, Places, Site};
use crate::Row;
use crate::assumptions::Nodes as NodeSecurity;
use crate::names::Names;
use crate::need::{CUSTOM, Resource, Verb, WORKLOADS};
use crate::node::{Node, Place, Scope};
use crate::world::NamespaceId;

impl Expander<'_, '_> {
    pub(super) fn token_steps(&mut self, site: &Site<'_>) {
        if site.outer.is_empty() {
            return;
        }
        self.request_token(site);
        self.make_pods(site);
        let mut names = site.change(Resource::Pods);
        self.enter_pods(site, Row::X04, &names, |expander, site, namespace, pod| {
            expander.change_ask(site, Resource::Pods, namespace, pod)
        });
        names = self.exec(site);
        self.enter_pods(site, Row::X05, &names, |expander, site, namespace, pod| {
            expander.exec_ask(site, namespace, pod)
        });
        names = site.change(Resource::EphemeralContainers);
        self.enter_pods(site, Row::X06, &names, |expander, site, namespace, pod| {
            expander.change_ask(site, Resource::EphemeralContainers, namespace, pod)
        });
        self.use_secrets(site);
    }

    fn request_token(&mut self, site: &Site<'_>) {
        let names = site.outer.names(Resource::Token, Verb::Create);
        if names.any {
            let pool = self.nodes.id(Node::Accounts(site.scope.place()));
            self.edge(Row::X01, pool, |expander| {
                let namespace = expander.namespace(site.scope.place());
                let name = expander.wanted_account();
                vec![Ask::new(Resource::Token, Verb::Create, Some(namespace), &name)]
            });
            return;
        }
        for name in &names.listed {
            for namespace in self.placed_in(site.scope, Resource::Accounts, name) {
                let agent = self.agent_of(namespace, name);
                self.edge(Row::X01, agent, |_| {
                    vec![Ask::new(Resource::Token, Verb::Create, Some(namespace), name)]
                });
            }
        }
    }

    /// Returns the namespaces of a scope with an object of a name.
    pub(super) fn placed_in(
        &self,
        scope: Scope,
        resource: Resource,
        name: &Text,
    ) -> Vec<NamespaceId> {
        let placed = self.world.placed(resource, name);
        match scope.place() {
            None => placed.to_vec(),
            Some(namespace) => placed.iter().copied().filter(|it| *it == namespace).collect(),
        }
    }

    /// Returns the name for a recorded request for a token, which is that of the ServiceAccount
    /// that the path uses.
    fn wanted_account(&self) -> Text {
        let namespace = self.namespace(None);
        self.wanted_name()
            .or_else(|| self.world.accounts_in(namespace).first().cloned())
            .unwrap_or_else(|| "default".into())
    }

    fn make_pods(&mut self, site: &Site<'_>) {
        let mut made = Places::default();
        let created = self.create(site, Resource::Pods);
        for place in created.in_scope(site.scope) {
            let pool = self.nodes.id(Node::Accounts(place));
            self.edge(Row::X02, pool, |expander| {
                let namespace = Some(expander.namespace(place));
                expander.create_asks(site, Resource::Pods, namespace)
            });
            self.make_half(place, |expander, namespace| {
                expander.create_asks(site, Resource::Pods, Some(namespace))
            });
        }
        made.add(created);
        for (resource, ..) in WORKLOADS {
            let created = self.create(site, resource);
            for place in created.in_scope(site.scope) {
                let pool = self.nodes.id(Node::Accounts(place));
                self.edge(Row::X03, pool, |expander| {
                    let namespace = Some(expander.namespace(place));
                    expander.create_asks(site, resource, namespace)
                });
                self.make_half(place, |expander, namespace| {
                    expander.create_asks(site, resource, Some(namespace))
                });
            }
            let is_whole = created.whole;
            if is_whole || resource == Resource::Jobs {
                continue;
            }
            self.change_workloads(site, resource);
        }
    }

    fn change_workloads(&mut self, site: &Site<'_>, resource: Resource) {
        for (namespace, name) in self.workloads_to_change(site, resource) {
            let pool = self.nodes.id(Node::Accounts(Some(namespace)));
            let asks = |expander: &Self| {
                vec![expander.change_workload(site, resource, namespace, name.as_ref())]
            };
            self.edge(Row::X03, pool, asks);
            self.make_half(Some(namespace), |expander, _| asks(expander));
        }
    }

    /// Returns the request that changes a workload of a name, or the first one.
    pub(super) fn change_workload(
        &self,
        site: &Site<'_>,
        resource: Resource,
        namespace: NamespaceId,
        name: Option<&Text>,
    ) -> Ask {
        let name = name.cloned().or_else(|| self.workload_in(resource, namespace));
        self.change_ask(site, resource, Some(namespace), &name.unwrap_or_default())
    }

    /// Returns the namespaces with workloads of a kind that can be changed, and the names in rules.
    pub(super) fn workloads_to_change(
        &self,
        site: &Site<'_>,
        resource: Resource,
    ) -> Vec<(NamespaceId, Option<Text>)> {
        let names = site.change(resource);
        if !names.has_named() {
            return Vec::new();
        }
        let mut there: Vec<(NamespaceId, Option<Text>)> = match names.any {
            true => self.world.having(resource).iter().map(|it| (*it, None)).collect(),
            false => {
                let placed = names.listed.iter().flat_map(|name| {
                    let placed = self.world.placed(resource, name).iter();
                    placed.map(move |it| (*it, Some(name.clone())))
                });
                placed.collect()
            }
        };
        there.retain(|(namespace, _)| site.scope.place().is_none_or(|place| place == *namespace));
        there
    }

    /// Returns the first workload of a kind in a namespace.
    fn workload_in(&self, resource: Resource, namespace: NamespaceId) -> Option<Text> {
        let (_, group, kind) = WORKLOADS.iter().chain(&CUSTOM).find(|row| row.0 == resource)?;
        let workloads = self.world.inventory().workloads_in(self.world.namespace(namespace));
        let found = workloads.iter().find(|it| &*it.kind == *kind && &*it.api_group == *group)?;
        Some(found.metadata.name.clone())
    }

    /// Adds the half of X23 and X24.
    fn make_half(&mut self, place: Place, asks: impl Fn(&Self, NamespaceId) -> Vec<Ask>) {
        let follows = self.world.assumptions.nodes != NodeSecurity::Hardened;
        if follows && (self.recorder.is_some() || self.made.insert(place)) {
            self.half(Half::MakePod(place), |expander, _| {
                asks(expander, expander.namespace(place))
            });
        }
    }

    fn enter_pods(
        &mut self,
        site: &Site<'_>,
        row: Row,
        names: &Names,
        ask: impl Fn(&Self, &Site<'_>, Option<NamespaceId>, &str) -> Ask,
    ) {
        if names.any {
            let pool = self.nodes.id(Node::Mounted(site.scope.place()));
            self.edge(row, pool, |expander| {
                let namespace = expander.namespace(site.scope.place());
                let pod = expander.pod_of_wanted(namespace);
                vec![ask(expander, site, Some(namespace), &pod)]
            });
            return;
        }
        for name in &names.listed {
            for namespace in self.placed_in(site.scope, Resource::Pods, name) {
                let Some(account) = self.world.account_of_pod(namespace, name) else { continue };
                let account = account.clone();
                let agent = self.agent_of(namespace, &account);
                self.edge(row, agent, |expander| vec![ask(expander, site, Some(namespace), name)]);
            }
        }
    }

    /// Returns the name of a Pod of the ServiceAccount that the path uses.
    fn pod_of_wanted(&self, namespace: NamespaceId) -> Text {
        let account = self.wanted_name();
        self.world.pod_of(namespace, account.as_deref()).unwrap_or_default()
    }

    fn exec(&self, site: &Site<'_>) -> Names {
        let mut names = Names::default();
        for resource in [Resource::Exec, Resource::Attach] {
            names.add(site.outer.names(resource, Verb::Create));
            if self.world.assumptions.version.minor < 35 {
                names.add(site.outer.names(resource, Verb::Get));
            }
        }
        names
    }

    fn exec_ask(&self, site: &Site<'_>, namespace: Option<NamespaceId>, pod: &str) -> Ask {
        let alternatives = [
            (Resource::Exec, Verb::Create),
            (Resource::Attach, Verb::Create),
            (Resource::Exec, Verb::Get),
            (Resource::Attach, Verb::Get),
        ];
        let allowed = alternatives
            .into_iter()
            .find(|(resource, verb)| site.outer.names(*resource, *verb).allow(pod));
        let (resource, verb) = allowed.unwrap_or((Resource::Exec, Verb::Create));
        Ask::new(resource, verb, namespace, pod)
    }

    fn use_secrets(&mut self, site: &Site<'_>) {
        for place in self.create(site, Resource::Secrets).in_scope(site.scope) {
            self.half(Half::CreateSecret(place), |expander, _| {
                let namespace = Some(expander.namespace(place));
                expander.create_asks(site, Resource::Secrets, namespace)
            });
        }
        let names = |verb| site.outer.names(Resource::Secrets, verb);
        let reading = [
            (Verb::Get, names(Verb::Get).any),
            (Verb::List, names(Verb::List).unnamed),
            (Verb::Watch, names(Verb::Watch).unnamed),
        ];
        let reads = reading.iter().find(|(_, allowed)| *allowed).map(|(verb, _)| *verb);
        if let Some(verb) = reads {
            let place = site.scope.place();
            self.half(Half::ReadSecrets(place), |expander, _| {
                let name = if verb == Verb::Get { super::NEW } else { "" };
                vec![Ask::new(Resource::Secrets, verb, Some(expander.namespace(place)), name)]
            });
        }
        let world = self.world;
        for (namespace, account, secrets) in &world.secret_holders {
            if site.scope.place().is_some_and(|place| place != *namespace) {
                continue;
            }
            let named = [Verb::Get, Verb::List, Verb::Watch].into_iter().find_map(|verb| {
                let name = secrets.iter().find(|name| names(verb).allow(name))?;
                Some((verb, name.clone()))
            });
            let read = named.or_else(|| reads.map(|verb| (verb, "".into())));
            if let Some((verb, name)) = read {
                let agent = self.agent_of(*namespace, account);
                let namespace = Some(*namespace);
                self.edge(Row::X08, agent, |_| {
                    vec![Ask::new(Resource::Secrets, verb, namespace, &name)]
                });
            }
        }
    }
}
