//! X20 to X22, X24 and X25: rights on cluster-scoped resources, and on two objects of kube-system.

use super::{Ask, Expander, Half, Site};
use crate::Row;
use crate::assumptions::{Nodes as NodeSecurity, Platform};
use crate::names::Names;
use crate::need::{Resource, Verb};
use crate::node::{Node, Scope};

/// The signers whose certificates servers accept for users.
const CLIENT_SIGNERS: [&str; 2] = ["kubernetes.io/kube-apiserver-client", "kubernetes.io/*"];

impl Expander<'_, '_> {
    pub(super) fn cluster_steps(&mut self, site: &Site<'_>) {
        if site.outer.is_empty() {
            return;
        }
        self.certificate_halves(site);
        self.kubelet_steps(site);
        self.admission_steps(site);
    }

    fn certificate_halves(&mut self, site: &Site<'_>) {
        let names = self.new_names(site, Resource::CertificateRequests, &Names::ANY);
        let names = match site.outer.names(Resource::CertificateRequests, Verb::Create).unnamed {
            true => Names::ANY,
            false => names,
        };
        if names.has_named() {
            self.half(Half::Request(names), |expander, name| {
                if site.outer.names(Resource::CertificateRequests, Verb::Create).unnamed {
                    return expander.create_asks(site, Resource::CertificateRequests, None);
                }
                let name = name.map_or(super::NEW, |name| name);
                expander.apply_asks(Resource::CertificateRequests, None, name)
            });
        }
        let approved = site.change(Resource::Approvals);
        let signers = site.inner.names(Resource::Signers, Verb::Approve);
        let signer = CLIENT_SIGNERS.into_iter().find(|signer| signers.allow(signer));
        if let Some(signer) = signer.filter(|_| approved.has_named()) {
            self.half(Half::Approve(approved), |expander, name| {
                let name = name.map_or(super::NEW, |name| name);
                vec![
                    expander.change_ask(site, Resource::Approvals, None, name),
                    Ask::new(Resource::Signers, Verb::Approve, None, signer),
                ]
            });
        }
    }

    fn kubelet_steps(&mut self, site: &Site<'_>) {
        let names = site
            .outer
            .names(Resource::NodeProxy, Verb::Get)
            .or(site.outer.names(Resource::NodeProxy, Verb::Create));
        let ask = |name: &str| {
            let gets = site.outer.names(Resource::NodeProxy, Verb::Get).allow(name);
            let verb = if gets { Verb::Get } else { Verb::Create };
            vec![Ask::new(Resource::NodeProxy, verb, None, name)]
        };
        if names.any {
            let pool = self.nodes.id(Node::Mounted(None));
            self.edge(Row::X21, pool, |expander| {
                let node = expander.node_of_wanted().unwrap_or_else(|| "node".into());
                ask(&node)
            });
            return;
        }
        for name in &names.listed {
            let pool = self.nodes.id(Node::Hosted(name.clone()));
            self.edge(Row::X21, pool, |_| ask(name));
        }
    }

    /// Returns the node of a Pod of the ServiceAccount that the path uses.
    fn node_of_wanted(&self) -> Option<rolecall_rbac::Text> {
        let namespace = self.recorder.as_ref()?.namespace?;
        self.world.node_of(namespace, &self.wanted_name()?)
    }

    fn admission_steps(&mut self, site: &Site<'_>) {
        let target = self.nodes.id(Node::ClusterAdmin);
        if self.writes(site, Resource::Webhooks) {
            self.edge(Row::X22, target, |expander| expander.write_asks(site, Resource::Webhooks));
        }
        if self.world.assumptions.version.minor < 36 {
            return;
        }
        if self.writes(site, Resource::Policies) {
            self.half(Half::WritePolicy, |expander, _| {
                expander.write_asks(site, Resource::Policies)
            });
        }
        if self.writes(site, Resource::PolicyBindings) {
            self.half(Half::BindPolicy, |expander, _| {
                expander.write_asks(site, Resource::PolicyBindings)
            });
        }
    }

    /// Returns whether an object can be created, or changed without resourceNames or by the name of
    /// an existing one.
    fn writes(&self, site: &Site<'_>, resource: Resource) -> bool {
        let changed = site.change(resource);
        !self.create(site, resource).is_empty()
            || changed.any
            || changed.listed.iter().any(|name| self.world.exists(resource, name))
    }

    fn write_asks(&self, site: &Site<'_>, resource: Resource) -> Vec<Ask> {
        if !self.create(site, resource).is_empty() {
            return self.create_asks(site, resource, None);
        }
        let changed = site.change(resource);
        let existing = match changed.any {
            true => self.world.first(resource),
            false => changed.listed.iter().find(|name| self.world.exists(resource, name)),
        };
        vec![self.change_ask(site, resource, None, existing.map_or("", |name| name))]
    }

    /// X25, and a half of X24.
    pub(super) fn namespace_steps(&mut self, site: &Site<'_>) {
        let follows = self.world.assumptions.nodes != NodeSecurity::Hardened;
        let labelled = site.change(Resource::Namespaces);
        if follows && labelled.has_named() {
            let spaces: Vec<_> = match site.scope {
                Scope::In(namespace) => vec![namespace],
                Scope::Cluster | Scope::Each => self.world.all_namespaces().collect(),
            };
            for namespace in spaces {
                let name = self.world.namespace(namespace).clone();
                if labelled.allow(&name) {
                    self.half(Half::LabelNamespace(namespace), |expander, _| {
                        let there = Some(namespace);
                        vec![expander.change_ask(site, Resource::Namespaces, there, &name)]
                    });
                }
            }
        }
        self.aws_auth_step(site);
    }

    fn aws_auth_step(&mut self, site: &Site<'_>) {
        const NAME: &str = "aws-auth";
        if !site.change(Resource::ConfigMaps).allow(NAME) {
            return;
        }
        let exists = self.world.exists(Resource::ConfigMaps, &NAME.into())
            || self.world.assumptions.platform == Platform::Eks;
        let system = self.world.namespace_id("kube-system");
        let applies = match (site.scope, system) {
            (Scope::In(namespace), Some(system)) => namespace == system,
            (Scope::In(_), None) => false,
            (Scope::Cluster | Scope::Each, _) => true,
        };
        if exists && applies {
            let target = self.nodes.id(Node::ClusterAdmin);
            self.edge(Row::X25, target, |expander| {
                vec![expander.change_ask(site, Resource::ConfigMaps, system, NAME)]
            });
        }
    }
}
