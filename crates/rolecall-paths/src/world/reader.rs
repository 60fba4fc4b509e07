//! Reads the objects of an inventory.

use std::collections::{BTreeSet, HashMap, HashSet};

use rolecall_rbac::{Binding, Inventory, Origin, RoleKind, ServiceAccountName, SubjectKind, Text};
use rolecall_walk::{Account, token_mount};
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::{NamespaceId, Running, World};
use crate::assumptions::{Accounts, Platform};
use crate::need::{CUSTOM, Resource, WORKLOADS};

impl<'a> World<'a> {
    pub(super) fn resolve_bindings(&mut self) {
        let inventory = self.inventory();
        let resolve = |binding: &Binding| {
            let namespace = match binding.role_ref.kind {
                RoleKind::ClusterRole => "",
                RoleKind::Role if binding.is_cluster_role_binding() => return None,
                RoleKind::Role => &*binding.metadata.namespace,
                RoleKind::Other(_) => return None,
            };
            let role = inventory.role(namespace, &binding.role_ref.name)?;
            self.role_position(role).filter(|_| self.counts(binding, role))
        };
        self.role_of_binding = inventory.bindings().iter().map(resolve).collect();
    }

    pub(super) fn place_role_bindings(&mut self) {
        for (binding, position) in self.inventory().bindings().iter().zip(0..) {
            if let Some(namespace) = self.namespace_id(&binding.metadata.namespace) {
                let span = self.role_bindings.entry(namespace).or_insert(position..position);
                span.end = position + 1;
            }
        }
    }

    pub(super) fn read_subjects(&mut self) {
        for binding in self.inventory().bindings() {
            for subject in &*binding.subjects {
                match subject.kind {
                    SubjectKind::User => {
                        self.written_users.insert(subject.name.clone());
                        match ServiceAccountName::parse(&subject.name) {
                            Some(account) => {
                                let key = (account.namespace.into(), account.name.into());
                                self.bound_accounts.insert(key);
                            }
                            None => {
                                self.users.insert(subject.name.clone());
                            }
                        }
                    }
                    SubjectKind::Group => {
                        self.groups.insert(subject.name.clone());
                    }
                    SubjectKind::ServiceAccount => {
                        if let Some(namespace) = subject.effective_namespace(&binding.metadata) {
                            let key = (namespace.clone(), subject.name.clone());
                            self.bound_accounts.insert(key);
                        }
                    }
                    SubjectKind::Other(_) => {}
                }
            }
        }
    }

    /// Returns the names in the resourceNames of rules that matter.
    pub(super) fn restricted_names(&self) -> HashSet<Text, FxBuildHasher> {
        let rules = self.roles.iter().flat_map(|role| &role.needs);
        rules.flat_map(|rule| rule.names.listed.iter().cloned()).collect()
    }

    pub(super) fn place_objects(&mut self, names: &HashSet<Text, FxBuildHasher>) {
        let inventory = self.inventory();
        let mut places: Vec<(Resource, &Text, &Text)> = Vec::new();
        let mut add = |resource, namespace, name| {
            if names.contains(name) {
                places.push((resource, namespace, name));
            }
        };
        for binding in inventory.bindings() {
            add(Resource::RoleBindings, &binding.metadata.namespace, &binding.metadata.name);
        }
        for role in inventory.roles() {
            add(Resource::Roles, &role.metadata.namespace, &role.metadata.name);
        }
        for object in inventory.named_objects() {
            let resource = match &*object.kind {
                "Secret" => Resource::Secrets,
                "ConfigMap" => Resource::ConfigMaps,
                "CertificateSigningRequest" => Resource::CertificateRequests,
                "MutatingWebhookConfiguration" => Resource::Webhooks,
                "MutatingAdmissionPolicy" => Resource::Policies,
                "MutatingAdmissionPolicyBinding" => Resource::PolicyBindings,
                _ => continue,
            };
            let is_aws_auth = resource == Resource::ConfigMaps
                && *object.metadata.name == *"aws-auth"
                && *object.metadata.namespace == *"kube-system";
            if object.metadata.namespace.is_empty() || is_aws_auth {
                self.existing.insert((resource, object.metadata.name.clone()));
            } else {
                add(resource, &object.metadata.namespace, &object.metadata.name);
            }
        }
        for (resource, namespace, name) in places {
            if let Some(id) = self.namespace_id(namespace) {
                self.placed.entry((resource, name.clone())).or_default().push(id);
            }
        }
    }

    pub(super) fn read_workloads(&mut self, names: &HashSet<Text, FxBuildHasher>) {
        let mut mounts: HashMap<(NamespaceId, Text), Account<'a>, FxBuildHasher> =
            HashMap::default();
        for (position, workload) in self.inventory().workloads().iter().enumerate() {
            let metadata = &workload.metadata;
            let Some(namespace) = self.namespace_id(&metadata.namespace) else { continue };
            let is_pod = &*workload.kind == "Pod" && workload.api_group.is_empty();
            let resource = match is_pod {
                true => Some(Resource::Pods),
                false => WORKLOADS
                    .iter()
                    .chain(&CUSTOM)
                    .find(|(_, group, kind)| {
                        *kind == &*workload.kind && *group == &*workload.api_group
                    })
                    .map(|row| row.0),
            };
            if let Some(resource) = resource {
                if names.contains(&metadata.name) {
                    self.placed
                        .entry((resource, metadata.name.clone()))
                        .or_default()
                        .push(namespace);
                }
                if !is_pod {
                    let having = self.having.entry(resource).or_default();
                    if having.last() != Some(&namespace) {
                        having.push(namespace);
                    }
                }
            }
            // Pods with owners are in the input themselves.
            if !is_pod && workload.owner.is_some() {
                continue;
            }
            for spec in &*workload.pods {
                let name: Text = spec.service_account_name().into();
                let account = *mounts.entry((namespace, name.clone())).or_insert_with(|| {
                    let name = ServiceAccountName { namespace: &metadata.namespace, name: &name };
                    Account::find(self.authorizer, name)
                });
                if token_mount(workload, spec, &account).mounted != Some(true) {
                    continue;
                }
                if is_pod {
                    if !spec.node.is_empty() {
                        let on_node = self.nodes.entry(spec.node.clone()).or_default();
                        on_node.insert((namespace, name.clone()));
                    }
                    let mounted = self.mounted.entry(namespace).or_default();
                    mounted.entry(name.clone()).or_insert(position);
                }
                self.running.push(Running { workload: position, account: name });
            }
        }
    }

    pub(super) fn read_accounts(&mut self) {
        let inventory = self.inventory();
        let mut has_unbound = FxHashSet::default();
        for account in inventory.service_accounts() {
            let metadata = &account.metadata;
            let Some(namespace) = self.namespace_id(&metadata.namespace) else { continue };
            if !account.secrets.is_empty() {
                let row = (namespace, metadata.name.clone(), account.secrets.clone());
                self.secret_holders.push(row);
            }
            let key = (metadata.namespace.clone(), metadata.name.clone());
            let is_bound =
                self.bound_accounts.contains(&key) || self.kept.account.as_ref() == Some(&key);
            // ServiceAccounts without own bindings have the same rights.
            if is_bound || has_unbound.insert(namespace) {
                self.accounts.entry(namespace).or_default().push(metadata.name.clone());
            }
            // Rows that name it find it, too.
            let place = (Resource::Accounts, metadata.name.clone());
            self.placed.entry(place).or_default().push(namespace);
        }
        for (namespace, name) in self.implied_accounts() {
            let accounts = self.accounts.entry(namespace).or_default();
            if !accounts.contains(&name) {
                accounts.push(name.clone());
            }
            self.implied.insert((namespace, name.clone()));
            let placed = self.placed.entry((Resource::Accounts, name)).or_default();
            if let Err(place) = placed.binary_search(&namespace) {
                placed.insert(place, namespace);
            }
        }
    }

    /// Returns ServiceAccounts that exist although they are not in the input: `default`, which a
    /// controller creates in every namespace, where it has rights or Pods, and those of controllers.
    pub(super) fn implied_accounts(&self) -> BTreeSet<(NamespaceId, Text)> {
        const DEFAULT: &str = "default";
        if self.assumptions.accounts == Accounts::Listed {
            return BTreeSet::new();
        }
        let inventory = self.inventory();
        let bound = self.bound_accounts.iter().filter(|(_, name)| &**name == DEFAULT);
        let of_bindings = bound.filter_map(|(namespace, _)| self.namespace_id(namespace));
        let running = self.running.iter().filter(|running| &*running.account == DEFAULT);
        let of_pods = running.filter_map(|running| {
            let workload = inventory.workloads().get(running.workload)?;
            self.namespace_id(&workload.metadata.namespace)
        });
        let defaults = of_bindings.chain(of_pods).map(|namespace| (namespace, DEFAULT.into()));
        let built_in = inventory.bindings().iter().filter(|binding| {
            let label = binding.metadata.label("kubernetes.io/bootstrapping");
            binding.metadata.origin == Origin::Default
                || label.is_some_and(|value| &**value == "rbac-defaults")
        });
        let of_controllers = built_in.flat_map(|binding| {
            let subjects = binding.subjects.iter();
            let accounts = subjects.filter(|it| it.kind == SubjectKind::ServiceAccount);
            accounts.filter_map(|subject| {
                let namespace = subject.effective_namespace(&binding.metadata)?;
                Some((self.namespace_id(namespace)?, subject.name.clone()))
            })
        });
        let implied = defaults.chain(of_controllers);
        implied
            .filter(|(namespace, name)| {
                inventory.service_account(self.namespace(*namespace), name).is_none()
            })
            .collect()
    }
}

/// Returns the namespaces of all objects and subjects, sorted.
pub(super) fn namespaces(inventory: &Inventory, world: &World<'_>) -> Vec<Text> {
    let mut names: BTreeSet<Text> =
        inventory.namespaces().iter().map(|namespace| namespace.metadata.name.clone()).collect();
    let mut last: Text = "".into();
    let mut add = |name: &Text| {
        if *name != last {
            last = name.clone();
            names.insert(name.clone());
        }
    };
    inventory.roles().iter().for_each(|role| add(&role.metadata.namespace));
    inventory.bindings().iter().for_each(|binding| add(&binding.metadata.namespace));
    inventory.service_accounts().iter().for_each(|account| add(&account.metadata.namespace));
    inventory.workloads().iter().for_each(|workload| add(&workload.metadata.namespace));
    inventory.named_objects().iter().for_each(|object| add(&object.metadata.namespace));
    world.bound_accounts.iter().for_each(|(namespace, _)| add(namespace));
    world.kept.account.iter().for_each(|(namespace, _)| add(namespace));
    for group in &world.groups {
        if let Some(namespace) = group.strip_prefix("system:serviceaccounts:") {
            add(&namespace.into());
        }
    }
    if world.assumptions.platform == Platform::Eks {
        names.insert("kube-system".into());
    }
    names.remove("");
    names.into_iter().collect()
}

/// Returns the custom resources from which Pods are created: the served ones, and those with an
/// object in the inventory.
pub(super) fn custom_resources(inventory: &Inventory, served: &[Resource]) -> BTreeSet<Resource> {
    let mut kinds: BTreeSet<(&str, &str)> = BTreeSet::new();
    let mut last = ("", "");
    for workload in inventory.workloads() {
        let kind = (&*workload.api_group, &*workload.kind);
        if kind != last {
            last = kind;
            kinds.insert(kind);
        }
    }
    let present = CUSTOM.iter().filter(|(_, group, kind)| kinds.contains(&(*group, *kind)));
    present.map(|row| row.0).chain(served.iter().copied()).collect()
}
