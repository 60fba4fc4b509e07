//! Accounts that rules name: to request tokens of them, or to impersonate them.

use std::collections::HashMap;

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

/// The roles that name accounts.
pub(super) struct NamingRoles<'a> {
    inventory: &'a Inventory,
    named: HashMap<*const Role, Vec<Named>, FxBuildHasher>,
}

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
        Self { inventory, named: named.collect() }
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
                // Requests with groups also name a user.
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
