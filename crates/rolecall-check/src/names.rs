//! An index of objects by name, which rules use for each reference to a missing object.

use std::collections::{HashMap, HashSet};

use rolecall_rbac::{Inventory, Metadata, Role, ServiceAccount, SubjectKind};
use rustc_hash::FxBuildHasher;

use crate::input::CheckInput;

/// The names in the input.
#[derive(Default)]
pub(crate) struct Names<'a> {
    roles: HashMap<&'a str, Vec<&'a Role>, FxBuildHasher>,
    accounts: HashMap<&'a str, Vec<&'a ServiceAccount>, FxBuildHasher>,
    accounts_of_servers: HashSet<(&'a str, &'a str), FxBuildHasher>,
    accounts_of_operators: HashSet<(&'a str, &'a str), FxBuildHasher>,
    bound_accounts: HashSet<(&'a str, &'a str), FxBuildHasher>,
    namespaces: HashSet<&'a str, FxBuildHasher>,
    /// The names of roles without their last words.
    families: HashSet<&'a str, FxBuildHasher>,
    /// All names.
    names: HashSet<&'a str, FxBuildHasher>,
}

impl<'a> Names<'a> {
    pub(crate) fn of(input: &CheckInput<'a>) -> Self {
        let inventory = input.inventory();
        let mut accounts: HashMap<_, Vec<_>, _> = HashMap::default();
        for account in inventory.service_accounts() {
            accounts.entry(&*account.metadata.name).or_default().push(account);
        }
        let mut roles_of_namespaces: HashMap<_, Vec<_>, _> = HashMap::default();
        for role in inventory.roles().iter().filter(|role| !role.is_cluster_role()) {
            roles_of_namespaces.entry(&*role.metadata.name).or_default().push(role);
        }
        let default_bindings = input.defaults.iter().flat_map(Inventory::bindings);
        let accounts_of_servers = default_bindings
            .flat_map(|binding| &*binding.subjects)
            .filter(|subject| subject.kind == SubjectKind::ServiceAccount)
            .map(|subject| (&*subject.namespace, &*subject.name))
            .collect();
        let accounts_of_operators = inventory
            .workloads()
            .iter()
            .flat_map(|workload| workload.pods.iter().map(move |pod| (workload, pod)))
            .filter(|(_, pod)| pod.account_is_derived)
            .map(|(workload, pod)| (&*workload.metadata.namespace, pod.service_account_name()))
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
        let is_judged = |metadata: &&Metadata| input.is_judged(metadata);
        let roles = || inventory.roles().iter().map(|role| &role.metadata).filter(is_judged);
        let namespaces = || inventory.namespaces().iter().map(|namespace| &namespace.metadata);
        let accounts_held = inventory.service_accounts().iter().map(|account| &account.metadata);
        let workloads = inventory.workloads().iter().map(|workload| &workload.metadata);
        let others = accounts_held.chain(workloads).chain(namespaces()).filter(is_judged);
        Self {
            roles: roles_of_namespaces,
            accounts,
            accounts_of_servers,
            accounts_of_operators,
            bound_accounts,
            namespaces: namespaces()
                .map(|metadata| &*metadata.name)
                .chain(roles().map(|metadata| &*metadata.namespace))
                .collect(),
            families: roles().filter_map(|metadata| family(&metadata.name)).collect(),
            names: roles().chain(others).map(|metadata| &*metadata.name).collect(),
        }
    }

    /// Returns the Roles with a name, sorted by namespace.
    pub(crate) fn roles(&self, name: &str) -> &[&'a Role] {
        self.roles.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns the ServiceAccounts with a name, sorted by namespace.
    pub(crate) fn accounts(&self, name: &str) -> &[&'a ServiceAccount] {
        self.accounts.get(name).map_or(&[], Vec::as_slice)
    }

    /// Returns whether an operator creates a ServiceAccount for a custom resource of the input.
    pub(crate) fn is_account_of_operator(&self, namespace: &str, name: &str) -> bool {
        self.accounts_of_operators.contains(&(namespace, name))
    }

    /// Returns whether a default binding of servers names a ServiceAccount, which a controller creates.
    pub(crate) fn is_account_of_servers(&self, namespace: &str, name: &str) -> bool {
        self.accounts_of_servers.contains(&(namespace, name))
    }

    /// Returns whether a binding names a ServiceAccount directly, and not as a user or by its groups.
    pub(crate) fn is_bound(&self, account: &ServiceAccount) -> bool {
        self.bound_accounts.contains(&(&*account.metadata.namespace, &*account.metadata.name))
    }

    /// Returns whether the input contains a namespace or a role in it.
    pub(crate) fn has_namespace(&self, namespace: &str) -> bool {
        self.namespaces.contains(namespace)
    }

    /// Returns whether a role belongs to a checked application, according to its name: it differs from another
    /// role's name in the last word, or continues the name of another object. A common first word is not enough,
    /// because it is often the product that an example uses.
    pub(crate) fn has_namesake(&self, name: &str) -> bool {
        let is_known = |start: &str| start.len() >= 3 && self.names.contains(start);
        family(name).is_some_and(|family| family.len() >= 3 && self.families.contains(family))
            || is_known(name)
            || name.match_indices(SEPARATORS).any(|(at, _)| name.get(..at).is_some_and(is_known))
    }
}

/// The separators between the words of a name.
const SEPARATORS: [char; 4] = ['-', '.', ':', '_'];

/// Returns a name without its last word.
pub(crate) fn family(name: &str) -> Option<&str> {
    name.rsplit_once(SEPARATORS).map(|(family, _)| family)
}
