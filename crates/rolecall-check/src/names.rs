//! What goes by a name, looked up at once: rules ask this of every reference that leads nowhere.

use std::collections::{HashMap, HashSet};

use rolecall_rbac::{Inventory, Metadata, Role, ServiceAccount, SubjectKind};
use rustc_hash::FxBuildHasher;

use crate::context::Context;

/// The names in the input.
#[derive(Default)]
pub(crate) struct Names<'a> {
    roles: HashMap<&'a str, Vec<&'a Role>, FxBuildHasher>,
    accounts: HashMap<&'a str, Vec<&'a ServiceAccount>, FxBuildHasher>,
    accounts_of_servers: HashSet<(&'a str, &'a str), FxBuildHasher>,
    bound_accounts: HashSet<(&'a str, &'a str), FxBuildHasher>,
    namespaces: HashSet<&'a str, FxBuildHasher>,
    first_words: HashSet<&'a str, FxBuildHasher>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(context: &Context<'a>) -> Self {
        let inventory = context.inventory();
        let mut accounts: HashMap<_, Vec<_>, _> = HashMap::default();
        for account in inventory.service_accounts() {
            accounts.entry(&*account.metadata.name).or_default().push(account);
        }
        let mut roles_of_namespaces: HashMap<_, Vec<_>, _> = HashMap::default();
        for role in inventory.roles().iter().filter(|role| !role.is_cluster_role()) {
            roles_of_namespaces.entry(&*role.metadata.name).or_default().push(role);
        }
        let default_bindings = context.input.defaults.iter().flat_map(Inventory::bindings);
        let accounts_of_servers = default_bindings
            .flat_map(|binding| &*binding.subjects)
            .filter(|subject| subject.kind == SubjectKind::ServiceAccount)
            .map(|subject| (&*subject.namespace, &*subject.name))
            .collect();
        let bound_accounts = inventory
            .bindings()
            .iter()
            .flat_map(|binding| binding.subjects.iter().map(move |subject| (binding, subject)))
            .filter(|(_, subject)| subject.kind == SubjectKind::ServiceAccount)
            .filter_map(|(binding, subject)| {
                Some((&**subject.effective_namespace(&binding.metadata)?, &*subject.name))
            })
            .collect();
        let is_judged = |metadata: &&Metadata| context.is_judged(metadata);
        let roles = || inventory.roles().iter().map(|role| &role.metadata).filter(is_judged);
        let namespaces = || inventory.namespaces().iter().map(|namespace| &namespace.metadata);
        let accounts_held = inventory.service_accounts().iter().map(|account| &account.metadata);
        let workloads = inventory.workloads().iter().map(|workload| &workload.metadata);
        let others = accounts_held.chain(workloads).chain(namespaces()).filter(is_judged);
        Self {
            roles: roles_of_namespaces,
            accounts,
            accounts_of_servers,
            bound_accounts,
            namespaces: namespaces()
                .map(|metadata| &*metadata.name)
                .chain(roles().map(|metadata| &*metadata.namespace))
                .collect(),
            first_words: roles().chain(others).map(|metadata| first_word(&metadata.name)).collect(),
        }
    }

    /// Returns the Roles of a name, sorted by namespace.
    pub(crate) fn roles(&self, name: &str) -> &[&'a Role] {
        self.roles.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the ServiceAccounts of a name, sorted by namespace.
    pub(crate) fn accounts(&self, name: &str) -> &[&'a ServiceAccount] {
        self.accounts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns whether a default binding of servers names a ServiceAccount, which a controller makes.
    pub(crate) fn is_account_of_servers(&self, namespace: &str, name: &str) -> bool {
        self.accounts_of_servers.contains(&(namespace, name))
    }

    /// Returns whether a binding names a ServiceAccount itself, and not as a user or by its groups.
    pub(crate) fn is_bound(&self, account: &ServiceAccount) -> bool {
        self.bound_accounts.contains(&(&*account.metadata.namespace, &*account.metadata.name))
    }

    /// Returns whether the input holds a namespace or a role in it.
    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace)
    }

    /// Returns whether something that is judged has a name that begins with the same word; words of
    /// one or two letters say nothing.
    pub(crate) fn has_namesake(&self, name: &str) -> bool {
        let word = first_word(name);
        word.len() >= 3 && self.first_words.contains(word)
    }
}

fn first_word(name: &str) -> &str {
    name.split(['-', '.', ':', '_']).next().unwrap_or_default()
}
