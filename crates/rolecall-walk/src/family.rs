//! Who made which Pod.

use std::collections::HashMap;

use rolecall_rbac::{Inventory, Owner, Workload};
use rustc_hash::FxBuildHasher;

/// How many owners a chain may have; only forged owner references make longer ones.
const LONGEST_CHAIN: usize = 16;

/// One step up from a Pod: the owner that it names, and the object if that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerLink<'a> {
    /// The owner as the owner reference names it.
    pub owner: &'a Owner,
    /// The object; `None` when it was not read or is gone.
    pub workload: Option<&'a Workload>,
}

/// Returns a workload's owners, nearest first; the last one may be known by name only.
pub(crate) fn owners<'a>(inventory: &'a Inventory, workload: &'a Workload) -> Vec<OwnerLink<'a>> {
    let mut links = Vec::new();
    let mut at = Some(workload);
    while let Some(owned) = at.filter(|_| links.len() < LONGEST_CHAIN)
        && let Some(owner) = &owned.owner
    {
        at = parent(inventory, owned).and_then(|parent| inventory.workloads().get(parent));
        links.push(OwnerLink { owner, workload: at });
    }
    links
}

/// Returns where among the inventory's workloads the owner of one stands.
fn parent(inventory: &Inventory, workload: &Workload) -> Option<usize> {
    let owner = workload.owner.as_ref()?;
    let namespace = &workload.metadata.namespace;
    inventory.workload_position(namespace, &owner.kind, &owner.name, &owner.api_group)
}

/// What owners own, by position among the inventory's workloads.
#[derive(Debug)]
pub(crate) struct Family {
    children: HashMap<usize, Vec<usize>, FxBuildHasher>,
}

impl Family {
    /// Resolves every owner reference once.
    pub(crate) fn new(inventory: &Inventory) -> Self {
        let mut children: HashMap<usize, Vec<usize>, FxBuildHasher> = HashMap::default();
        for (position, workload) in inventory.workloads().iter().enumerate() {
            if let Some(parent) = parent(inventory, workload) {
                children.entry(parent).or_default().push(position);
            }
        }
        Self { children }
    }

    /// Returns everything that a workload made, over any number of steps, itself left out.
    pub(crate) fn descendants(&self, position: usize) -> Vec<usize> {
        let mut found: Vec<usize> = Vec::new();
        let mut seen: std::collections::HashSet<usize, FxBuildHasher> =
            [position].into_iter().collect();
        let mut queue = vec![position];
        while let Some(at) = queue.pop() {
            for child in self.children.get(&at).into_iter().flatten() {
                if seen.insert(*child) {
                    found.push(*child);
                    queue.push(*child);
                }
            }
        }
        found.sort_unstable();
        found
    }
}
