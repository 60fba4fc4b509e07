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

/// Owners and what they own, by position among the inventory's workloads.
#[derive(Debug)]
pub(crate) struct Family<'a> {
    workloads: &'a [Workload],
    children: HashMap<usize, Vec<usize>, FxBuildHasher>,
    parents: Vec<Option<usize>>,
}

impl<'a> Family<'a> {
    /// Resolves every owner reference once.
    pub(crate) fn new(inventory: &'a Inventory) -> Self {
        let workloads = inventory.workloads();
        let mut children: HashMap<usize, Vec<usize>, FxBuildHasher> = HashMap::default();
        let mut parents = Vec::with_capacity(workloads.len());
        for (position, workload) in workloads.iter().enumerate() {
            let parent = workload.owner.as_ref().and_then(|owner| {
                let namespace = &workload.metadata.namespace;
                inventory.workload_position(namespace, &owner.kind, &owner.name, &owner.api_group)
            });
            if let Some(parent) = parent {
                children.entry(parent).or_default().push(position);
            }
            parents.push(parent);
        }
        Self { workloads, children, parents }
    }

    /// Returns a workload's owners, nearest first; the last one may be known by name only.
    pub(crate) fn owners(&self, position: usize) -> Box<[OwnerLink<'a>]> {
        let mut links = Vec::new();
        let mut at = position;
        while links.len() < LONGEST_CHAIN {
            let Some(workload) = self.workloads.get(at) else { break };
            let Some(owner) = &workload.owner else { break };
            let parent = self.parents.get(at).copied().flatten();
            links.push(OwnerLink {
                owner,
                workload: parent.and_then(|parent| self.workloads.get(parent)),
            });
            match parent {
                Some(parent) => at = parent,
                None => break,
            }
        }
        links.into()
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
