//! Chains of owner references.

use rolecall_rbac::{Inventory, Workload};

/// The maximum number of owners to follow; in manifests, they can form a cycle.
const LONGEST_CHAIN: usize = 8;

/// Returns a workload, its owner, the owner's owner and so on.
pub(super) fn chain<'a>(
    inventory: &'a Inventory,
    workload: &'a Workload,
) -> impl Iterator<Item = &'a Workload> {
    std::iter::successors(Some(workload), |current| owner(inventory, current)).take(LONGEST_CHAIN)
}

/// Returns whether a workload is another one, or was created by it.
pub(super) fn is_made_by(inventory: &Inventory, workload: &Workload, by: &Workload) -> bool {
    chain(inventory, workload).any(|made| made == by)
}

/// Returns the outermost owner of a workload, or the workload itself.
pub(super) fn topmost<'a>(inventory: &'a Inventory, workload: &'a Workload) -> &'a Workload {
    chain(inventory, workload).last().unwrap_or(workload)
}

fn owner<'a>(inventory: &'a Inventory, workload: &Workload) -> Option<&'a Workload> {
    let owner = workload.owner.as_ref()?;
    inventory.workloads_in(&workload.metadata.namespace).iter().find(|candidate| {
        candidate.kind == owner.kind
            && candidate.api_group == owner.api_group
            && candidate.metadata.name == owner.name
    })
}
