//! Aggregated ClusterRoles, as kube-controller-manager's clusterrole-aggregation-controller fills
//! them.

mod components;
mod flow;
mod selection;

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::sync::Arc;

use flow::Flow;
use rustc_hash::FxBuildHasher;
use selection::Selections;

use crate::{Inventory, PolicyRule, Role, Text};

/// An aggregated ClusterRole whose written rules differ from those that the controller computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregationDrift {
    /// The ClusterRole's name.
    pub role: Text,
    /// Rules that the controller adds.
    pub added: Arc<[PolicyRule]>,
    /// Written rules that the controller overwrites.
    pub overwritten: Vec<PolicyRule>,
    /// Whether the computed rules replaced the written ones.
    pub applied: bool,
}

/// Fills aggregated ClusterRoles from the ClusterRoles they select, to a fixpoint, and returns the
/// differences from the written rules, sorted by name.
///
/// The server's authorizer reads only `.rules`, so a role that a server has stored keeps its stored
/// rules, empty or not. A role whose selectors match nothing also keeps its rules: the controller does not
/// overwrite them with an empty list (docs/semantics.md#aggregated-clusterroles). Mirrors
/// `pkg/controller/clusterroleaggregation`: for each selector, the matching ClusterRoles sorted by
/// name, without the role itself; their rules are appended unless an equal rule is present.
pub fn resolve_aggregation(inventory: &mut Inventory) -> Vec<AggregationDrift> {
    settle_aggregation(inventory, &BTreeSet::new())
}

/// Resolves aggregation like [`resolve_aggregation`], after a change of ClusterRoles in a cluster:
/// the controller also updates the stored roles that select a changed role, directly or indirectly.
pub fn settle_aggregation(
    inventory: &mut Inventory,
    changed: &BTreeSet<&str>,
) -> Vec<AggregationDrift> {
    let cluster_roles = inventory.roles.partition_point(Role::is_cluster_role);
    let roles = inventory.roles.get(..cluster_roles).unwrap_or_default();
    let selections = Selections::of(roles);
    if selections.is_empty() {
        return Vec::new();
    }
    let fresh = fresh_roles(roles, &selections, changed);
    let mut flow = Flow::new(roles, &selections, &fresh);
    flow.resolve();
    let mut drifts = Vec::new();
    let mut resolved: Vec<(usize, Arc<[PolicyRule]>)> = Vec::new();
    for position in selections.roles() {
        let Some(role) = roles.get(position) else { continue };
        let applied = fresh.contains(&position);
        let change = flow.change(position);
        if !change.added.is_empty() || !change.overwritten.is_empty() {
            drifts.push(AggregationDrift {
                role: role.metadata.name.clone(),
                added: change.added,
                overwritten: change.overwritten,
                applied,
            });
        }
        if applied {
            resolved.push((position, flow.rules(position)));
        }
    }
    drop(flow);
    for (position, rules) in resolved {
        if let Some(role) = inventory.roles.get_mut(position) {
            role.rules = rules;
        }
    }
    drifts
}

/// Positions of roles.
type Positions = HashSet<usize, FxBuildHasher>;

/// Returns the aggregated roles whose stored or written rules the controller will replace.
fn fresh_roles(roles: &[Role], selections: &Selections, changed: &BTreeSet<&str>) -> Positions {
    let is_fresh =
        |position: &usize| roles.get(*position).is_some_and(|role: &Role| !role.metadata.stored);
    let mut fresh: Positions = selections.roles().filter(is_fresh).collect();
    if changed.is_empty() {
        return fresh;
    }
    let is_changed = |(_, role): &(usize, &Role)| changed.contains(&*role.metadata.name);
    let changed = roles.iter().enumerate().filter(is_changed);
    let mut queue: VecDeque<usize> = changed.map(|(position, _)| position).collect();
    let selectors_of = selections.by_member();
    while let Some(position) = queue.pop_front() {
        for role in selectors_of.get(&position).into_iter().flatten() {
            if fresh.insert(*role) {
                queue.push_back(*role);
            }
        }
    }
    fresh
}
