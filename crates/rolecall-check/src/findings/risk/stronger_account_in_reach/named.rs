//! Accounts that rules name, to request their tokens or to impersonate them.

use std::collections::{BTreeSet, HashMap};

use rolecall_access::Holder;
use rolecall_rbac::{
    Binding, Inventory, PolicyRule, Request, ResourceRequest, Role, Text, rule_allows,
};
use rustc_hash::FxBuildHasher;

/// How a subject gets the access of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Token,
    Impersonation,
}

/// The kind of an account that a rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    ServiceAccount,
    User,
    Group,
}

/// An account that a rule names.
struct Named {
    way: Way,
    kind: Kind,
    name: Text,
}

/// An account that a binding lets its subjects take over.
pub(super) struct Takeover {
    pub(super) way: Way,
    pub(super) account: Holder,
}

/// The roles that name accounts, or workloads that run Pods.
pub(super) struct NamingRoles<'a> {
    inventory: &'a Inventory,
    named: HashMap<*const Role, Vec<Named>, FxBuildHasher>,
    /// The kinds and names of the workloads that a role lets its holders change.
    changed: HashMap<*const Role, BTreeSet<(&'static str, Text)>, FxBuildHasher>,
    /// The namespaces of workloads, by kind and name.
    workloads: HashMap<(&'a str, &'a Text), Vec<&'a Text>, FxBuildHasher>,
}

/// The kinds whose Pod template can be changed, with API group and resource.
const TEMPLATES: [(&str, &str, &str); 6] = [
    ("CronJob", "batch", "cronjobs"),
    ("DaemonSet", "apps", "daemonsets"),
    ("Deployment", "apps", "deployments"),
    ("ReplicaSet", "apps", "replicasets"),
    ("ReplicationController", "", "replicationcontrollers"),
    ("StatefulSet", "apps", "statefulsets"),
];

/// The requests that give their sender the access of a named object.
const REQUESTS: [(Way, Kind, &str, &str, &str); 4] = [
    (Way::Token, Kind::ServiceAccount, "create", "serviceaccounts", "token"),
    (Way::Impersonation, Kind::ServiceAccount, "impersonate", "serviceaccounts", ""),
    (Way::Impersonation, Kind::User, "impersonate", "users", ""),
    (Way::Impersonation, Kind::Group, "impersonate", "groups", ""),
];

/// A group that has a separate finding.
const MASTERS: &str = "system:masters";

impl<'a> NamingRoles<'a> {
    pub(super) fn of(inventory: &'a Inventory) -> Self {
        let named = inventory.roles().iter().filter_map(|role| {
            let named: Vec<Named> = role.rules.iter().flat_map(named_in).collect();
            (!named.is_empty()).then_some((std::ptr::from_ref(role), named))
        });
        let changed = inventory.roles().iter().filter_map(|role| {
            let changed: BTreeSet<_> = role.rules.iter().flat_map(changed_in).collect();
            (!changed.is_empty()).then_some((std::ptr::from_ref(role), changed))
        });
        let changed: HashMap<_, _, FxBuildHasher> = changed.collect();
        let mut workloads: HashMap<_, Vec<&Text>, FxBuildHasher> = HashMap::default();
        if !changed.is_empty() {
            for workload in inventory.workloads() {
                let metadata = &workload.metadata;
                let of_name = workloads.entry((&*workload.kind, &metadata.name)).or_default();
                of_name.push(&metadata.namespace);
            }
        }
        Self { inventory, named: named.collect(), changed, workloads }
    }

    /// Returns the namespaces in which a binding of a role lets its subjects change the Pod template of
    /// an existing workload.
    pub(super) fn changes(&self, binding: &Binding, role: &Role) -> BTreeSet<&'a Text> {
        let changed = self.changed.get(&std::ptr::from_ref(role)).into_iter().flatten();
        let namespaces = changed.filter_map(|(kind, name)| self.workloads.get(&(*kind, name)));
        let is_in_scope = |namespace: &&&Text| {
            binding.is_cluster_role_binding() || **namespace == &binding.metadata.namespace
        };
        namespaces.flatten().filter(is_in_scope).copied().collect()
    }

    /// Returns the accounts whose access a binding of a role gives to its subjects.
    pub(super) fn takeovers(&self, binding: &Binding, role: &Role) -> Vec<Takeover> {
        let Some(named) = self.named.get(&std::ptr::from_ref(role)) else { return Vec::new() };
        let may_act = |kind: Kind| named.iter().any(|named| named.kind == kind);
        let mut takeovers = Vec::new();
        for Named { way, kind, name } in named {
            let accounts = match kind {
                Kind::ServiceAccount => self.accounts(binding, name),
                _ if !binding.is_cluster_role_binding() => Vec::new(),
                Kind::User => vec![Holder::User(name.clone())],
                // Requests that impersonate groups also name a user.
                Kind::Group if !may_act(Kind::User) && !impersonates_any_user(role) => Vec::new(),
                Kind::Group => vec![Holder::Group(name.clone())],
            };
            takeovers.extend(accounts.into_iter().map(|account| Takeover { way: *way, account }));
        }
        takeovers
    }

    /// Returns the ServiceAccounts with a name in the scope of a binding.
    fn accounts(&self, binding: &Binding, name: &Text) -> Vec<Holder> {
        let in_namespace = |namespace: &Text| Holder::ServiceAccount {
            namespace: namespace.clone(),
            name: name.clone(),
        };
        if !binding.is_cluster_role_binding() {
            return vec![in_namespace(&binding.metadata.namespace)];
        }
        let accounts = self.inventory.service_accounts().iter();
        let accounts = accounts.filter(|account| account.metadata.name == *name);
        accounts.map(|account| in_namespace(&account.metadata.namespace)).collect()
    }
}

/// Returns the accounts that a rule names.
fn named_in(rule: &PolicyRule) -> Vec<Named> {
    if rule.resource_names.is_empty() {
        return Vec::new();
    }
    let mut named = Vec::new();
    for (way, kind, verb, resource, subresource) in REQUESTS {
        for name in &*rule.resource_names {
            let is_meant = **name != *MASTERS && !name.is_empty();
            if is_meant && rule_allows(rule, &request(verb, resource, subresource, name)) {
                named.push(Named { way, kind, name: name.clone() });
            }
        }
    }
    named
}

/// Returns the kinds and names of the workloads whose Pod template a rule lets its holders change.
fn changed_in(rule: &PolicyRule) -> Vec<(&'static str, Text)> {
    if rule.resource_names.is_empty() {
        return Vec::new();
    }
    let is_named =
        |resource: &str| rule.resources.iter().any(|it| **it == *resource || **it == *"*");
    let mut changed = Vec::new();
    for (kind, group, resource) in TEMPLATES.into_iter().filter(|(.., it)| is_named(it)) {
        for name in rule.resource_names.iter().filter(|name| !name.is_empty()) {
            let allows = |verb: &str| {
                let target = ResourceRequest {
                    group: group.into(),
                    resource: resource.into(),
                    name: name.clone(),
                    ..ResourceRequest::default()
                };
                rule_allows(rule, &Request::resource(verb, target))
            };
            if allows("update") || allows("patch") {
                changed.push((kind, name.clone()));
            }
        }
    }
    changed
}

fn impersonates_any_user(role: &Role) -> bool {
    let request = request("impersonate", "users", "", "-");
    role.rules.iter().any(|rule| rule_allows(rule, &request))
}

fn request(verb: &str, resource: &str, subresource: &str, name: &str) -> Request {
    Request::resource(
        verb,
        ResourceRequest {
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
            ..ResourceRequest::default()
        },
    )
}
