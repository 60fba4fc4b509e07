//! The workloads of ServiceAccounts.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Gap, Inventory, Text, Workload};

/// The workloads of each ServiceAccount, without those that other workloads create.
pub(crate) struct Runners<'a> {
    inventory: &'a Inventory,
    /// The workloads by namespace and name of the ServiceAccount.
    of: BTreeMap<(&'a str, &'a str), BTreeSet<Runner<'a>>>,
}

/// A workload, by kind and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Runner<'a> {
    /// The kind.
    pub(crate) kind: &'a str,
    /// The name.
    pub(crate) name: &'a str,
}

impl<'a> Runners<'a> {
    /// Collects the workloads of an inventory.
    pub(crate) fn new(inventory: &'a Inventory) -> Self {
        let workloads = || inventory.workloads().iter().filter(|workload| !workload.mirror);
        let key = |namespace: &'a Text, kind: &'a Text, name: &'a Text| (namespace, kind, name);
        let known: BTreeSet<_> = workloads()
            .map(|it| key(&it.metadata.namespace, &it.kind, &it.metadata.name))
            .collect();
        let is_made = |workload: &&'a Workload| {
            workload.owner.as_ref().is_some_and(|owner| {
                known.contains(&key(&workload.metadata.namespace, &owner.kind, &owner.name))
            })
        };
        let mut of: BTreeMap<(&str, &str), BTreeSet<Runner<'_>>> = BTreeMap::new();
        for workload in workloads().filter(|workload| !is_made(workload)) {
            let runner = match &workload.owner {
                Some(owner) => Runner { kind: &owner.kind, name: &owner.name },
                None => Runner { kind: &workload.kind, name: &workload.metadata.name },
            };
            for pod in &*workload.pods {
                let account = (&*workload.metadata.namespace, pod.service_account_name());
                of.entry(account).or_default().insert(runner);
            }
        }
        Self { inventory, of }
    }

    /// Returns the workloads of a ServiceAccount; `None` if a gap could hide some.
    pub(crate) fn of(&self, namespace: &str, name: &str) -> Option<Vec<Runner<'a>>> {
        let found = self.of.get(&(namespace, name)).into_iter().flatten().copied();
        let found: Vec<Runner<'a>> = found.collect();
        let is_hidden = |gap: &Gap| gap.may_hide_workload(namespace);
        let is_open = found.is_empty() && self.inventory.gaps().iter().any(is_hidden);
        (!is_open).then_some(found)
    }
}
