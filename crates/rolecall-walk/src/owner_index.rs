//! Owners of Pods and workloads.

use std::collections::HashMap;

use rolecall_rbac::{Inventory, Owner, Workload};
use rustc_hash::FxBuildHasher;

/// The maximum length of an owner chain; only forged owner references form longer ones.
const LONGEST_CHAIN: usize = 16;

/// One step up from a Pod: an owner reference, and the object that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerLink<'a> {
    /// The owner as written in the reference.
    pub owner: &'a Owner,
    /// The object; `None` if it was not read or no longer exists.
    pub workload: Option<&'a Workload>,
}

/// Returns a workload's owners, nearest first; the last one might be known only by name.
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

/// Returns the position of a workload's owner among the inventory's workloads.
fn parent(inventory: &Inventory, workload: &Workload) -> Option<usize> {
    let owner = workload.owner.as_ref()?;
    let namespace = &workload.metadata.namespace;
    inventory.workload_position(namespace, &owner.kind, &owner.name, &owner.api_group)
}

/// The dependents of each owner, by position among the inventory's workloads.
#[derive(Debug)]
pub(crate) struct OwnerIndex {
    children: HashMap<usize, Vec<usize>, FxBuildHasher>,
}

impl OwnerIndex {
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

    /// Returns all direct and indirect dependents of a workload.
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
