//! The objects of other targets that the objects of one target refer to.

use std::collections::{BTreeSet, HashMap};

use rolecall_rbac::{
    Binding, Inventory, InventoryBuilder, Origin, Role, RoleKind, ServiceAccount, Subject,
    SubjectKind,
};
use rustc_hash::FxBuildHasher;

/// An index of the objects of several inventories, by namespace and name.
#[derive(Debug, Default)]
pub struct Context<'a> {
    roles: Index<'a, Role>,
    accounts: Index<'a, ServiceAccount>,
    bindings_of_accounts: Index<'a, Binding>,
}

/// Objects with the number of their inventory, by namespace and name.
type Index<'a, T> = HashMap<(&'a str, &'a str), Vec<(usize, &'a T)>, FxBuildHasher>;

impl<'a> Context<'a> {
    /// Indexes the objects of inventories, except default objects.
    pub fn of(inventories: &[&'a Inventory]) -> Self {
        let mut context = Self::default();
        for (number, inventory) in inventories.iter().enumerate() {
            for role in inventory.roles().iter().filter(|it| is_read(&it.metadata.origin)) {
                let key = (&*role.metadata.namespace, &*role.metadata.name);
                context.roles.entry(key).or_default().push((number, role));
            }
            for account in inventory.service_accounts() {
                let key = (&*account.metadata.namespace, &*account.metadata.name);
                context.accounts.entry(key).or_default().push((number, account));
            }
            for binding in inventory.bindings().iter().filter(|it| is_read(&it.metadata.origin)) {
                let accounts = binding.subjects.iter().filter_map(|it| account_of(it, binding));
                for key in accounts.collect::<BTreeSet<_>>() {
                    let of_account = context.bindings_of_accounts.entry(key).or_default();
                    of_account.push((number, binding));
                }
            }
        }
        context
    }

    /// Adds to an inventory the roles and ServiceAccounts that its objects refer to, and the bindings
    /// of its ServiceAccounts, from the inventories that `is_usable` accepts. Findings are not about
    /// these objects, so their origin is the cluster.
    pub fn complete(&self, inventory: Inventory, is_usable: impl Fn(usize) -> bool) -> Inventory {
        let mut more = InventoryBuilder::new();
        let mut accounts: BTreeSet<(&str, &str)> = BTreeSet::new();
        for binding in inventory.bindings().iter().filter(|it| is_read(&it.metadata.origin)) {
            self.add_role(&inventory, binding, &is_usable, &mut more);
            accounts.extend(binding.subjects.iter().filter_map(|it| account_of(it, binding)));
        }
        for workload in inventory.workloads() {
            let namespace = &*workload.metadata.namespace;
            let names = workload.pods.iter().map(|pod| pod.service_account_name());
            accounts.extend(names.map(|name| (namespace, name)));
        }
        for account in accounts {
            if inventory.service_account(account.0, account.1).is_none()
                && let Some(found) = first(&self.accounts, account, &is_usable)
            {
                more.service_account(found.clone());
            }
        }
        for account in inventory.service_accounts() {
            let key = (&*account.metadata.namespace, &*account.metadata.name);
            let bindings = self.bindings_of_accounts.get(&key).into_iter().flatten();
            for (_, binding) in bindings.filter(|(number, _)| is_usable(*number)) {
                let metadata = &binding.metadata;
                if inventory.binding(&metadata.namespace, &metadata.name).is_none() {
                    self.add_role(&inventory, binding, &is_usable, &mut more);
                    more.binding((*binding).clone());
                }
            }
        }
        more.change_origins(|origin| *origin = Origin::Cluster);
        let mut builder = inventory.into_builder();
        builder.append(more);
        builder.build()
    }

    fn add_role(
        &self,
        inventory: &Inventory,
        binding: &Binding,
        is_usable: impl Fn(usize) -> bool,
        more: &mut InventoryBuilder,
    ) {
        let namespace = match binding.role_ref.kind {
            RoleKind::ClusterRole => "",
            RoleKind::Role => &*binding.metadata.namespace,
            RoleKind::Other(_) => return,
        };
        let name = &*binding.role_ref.name;
        if inventory.role(namespace, name).is_none()
            && let Some(role) = first(&self.roles, (namespace, name), is_usable)
        {
            more.role(role.clone());
        }
    }
}

/// Returns the first usable object of a name.
fn first<'a, T>(
    index: &Index<'a, T>,
    (namespace, name): (&str, &str),
    is_usable: impl Fn(usize) -> bool,
) -> Option<&'a T> {
    let mut named = index.get(&(namespace, name))?.iter();
    named.find(|(number, _)| is_usable(*number)).map(|(_, object)| *object)
}

/// Returns the namespace and name of a subject that is a ServiceAccount.
fn account_of<'a>(subject: &'a Subject, binding: &'a Binding) -> Option<(&'a str, &'a str)> {
    if subject.kind != SubjectKind::ServiceAccount {
        return None;
    }
    Some((subject.effective_namespace(&binding.metadata)?, &subject.name))
}

fn is_read(origin: &Origin) -> bool {
    *origin != Origin::Default
}

#[cfg(test)]
mod tests {
    use super::super::{Defaults, LoadConfig, Selection, decode, finish_rendered};
    use super::*;

    const RBAC: &str = "apiVersion: rbac.authorization.k8s.io/v1\n";

    fn inventory(text: &str) -> Inventory {
        let config = LoadConfig {
            paths: Vec::new(),
            default_namespace: "shop".to_owned(),
            defaults: Defaults::None,
            selection: Selection::Everything,
            exclude: Vec::new(),
        };
        finish_rendered(&config, decode(&config, "x", text.as_bytes())).inventory
    }

    #[test]
    fn referenced_objects_of_other_targets_are_added_unless_they_are_alternatives() {
        let target = inventory(&format!(
            "{RBAC}kind: RoleBinding\nmetadata: {{name: own}}\nroleRef: {{kind: Role, name: elsewhere}}\n\
             subjects: [{{kind: ServiceAccount, name: robot}}]\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web}}\n"
        ));
        let other = inventory(&format!(
            "{RBAC}kind: Role\nmetadata: {{name: elsewhere}}\n---\n\
             {RBAC}kind: Role\nmetadata: {{name: unrelated}}\n---\n\
             apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: robot}}\n---\n\
             {RBAC}kind: RoleBinding\nmetadata: {{name: theirs}}\nroleRef: {{kind: ClusterRole, name: big}}\n\
             subjects: [{{kind: ServiceAccount, name: web, namespace: shop}}]\n---\n\
             {RBAC}kind: ClusterRole\nmetadata: {{name: big}}\n"
        ));
        let context = Context::of(&[&target, &other]);
        let names = |inventory: &Inventory| -> Vec<String> {
            let roles = inventory.roles().iter().map(|it| &it.metadata);
            let bindings = inventory.bindings().iter().map(|it| &it.metadata);
            let accounts = inventory.service_accounts().iter().map(|it| &it.metadata);
            let added = roles.chain(bindings).chain(accounts);
            let added = added.filter(|metadata| metadata.origin == Origin::Cluster);
            added.map(|metadata| metadata.name.to_string()).collect()
        };
        let alone = context.complete(target.clone(), |number| number == 0);
        assert_eq!(names(&alone), [""; 0]);
        let together = context.complete(target.clone(), |number| number == 1);
        assert_eq!(names(&together), ["big", "elsewhere", "theirs", "robot"]);
    }
}
