//! Pods, and the objects that create them, with their ServiceAccounts.

use std::collections::HashMap;

use rolecall_rbac::{Inventory, Text, Workload};
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use super::subjects::Builder;
use super::{Places, Tables};

/// The workloads as columns, in the order of the inventory.
#[derive(Debug, Default, Serialize)]
pub(super) struct Workloads {
    kind: Vec<u32>,
    namespace: Vec<u32>,
    name: Vec<u32>,
    /// The position of the owner, or -1.
    owner: Vec<i64>,
    /// The owner of a workload whose owner is not in the input: position, kind and name.
    absent_owner: Vec<(u32, u32, u32)>,
    /// The number of a list of subjects.
    accounts: Vec<u32>,
    #[serde(flatten)]
    places: Places,
}

impl Workloads {
    pub(super) fn new(
        inventory: &Inventory,
        subjects: &mut Builder<'_>,
        tables: &mut Tables,
    ) -> Self {
        let all = inventory.workloads();
        let positions: HashMap<(&str, &str, &str), usize, FxBuildHasher> = all
            .iter()
            .enumerate()
            .map(|(position, workload)| {
                let metadata = &workload.metadata;
                ((&*metadata.namespace, &*workload.kind, &*metadata.name), position)
            })
            .collect();
        let mut workloads = Self::default();
        for (workload, position) in all.iter().zip(0..) {
            let namespace = &workload.metadata.namespace;
            workloads.kind.push(tables.texts.add(&workload.kind));
            workloads.namespace.push(tables.texts.add(namespace));
            workloads.name.push(tables.texts.add(&workload.metadata.name));
            let owner = workload.owner.as_ref();
            let known =
                owner.and_then(|owner| positions.get(&(&**namespace, &*owner.kind, &*owner.name)));
            workloads.owner.push(known.map_or(-1, |owner| *owner as i64));
            if let (Some(owner), None) = (owner, known) {
                let (kind, name) = (tables.texts.add(&owner.kind), tables.texts.add(&owner.name));
                workloads.absent_owner.push((position, kind, name));
            }
            let accounts = accounts(workload, subjects);
            workloads.accounts.push(tables.subject_lists.add(accounts));
            workloads.places.push(&workload.metadata.origin, &mut tables.texts);
        }
        workloads
    }
}

/// Returns the ServiceAccounts of a workload's Pods; static Pods have none.
fn accounts(workload: &Workload, subjects: &mut Builder<'_>) -> Vec<u32> {
    let mut accounts = Vec::new();
    if workload.mirror {
        return accounts;
    }
    for pod in &*workload.pods {
        let name = Text::from(pod.service_account_name());
        let account = subjects.account(&workload.metadata.namespace, &name);
        if !accounts.contains(&account) {
            accounts.push(account);
        }
    }
    accounts
}
