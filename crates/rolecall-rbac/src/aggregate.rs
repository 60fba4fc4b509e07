//! Aggregated ClusterRoles, as kube-controller-manager's clusterrole-aggregation-controller fills
//! them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::{Inventory, PolicyRule, Role, Text};

/// An aggregated ClusterRole whose written rules differ from those that the controller computes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregationDrift {
    /// The ClusterRole's name.
    pub role: Text,
    /// Rules that the controller adds.
    pub added: Vec<PolicyRule>,
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
    let roles = inventory.roles.get_mut(..cluster_roles).unwrap_or_default();
    let selected = selections(roles);
    if selected.is_empty() {
        return Vec::new();
    }
    let fresh = fresh_roles(roles, &selected, changed);
    let mut resolved: BTreeMap<usize, Arc<[PolicyRule]>> = BTreeMap::new();
    // Rules only flow along selections, so the result is stable after as many rounds as there are
    // aggregated roles; the controller converges the same way.
    for _ in 0..=selected.len() {
        let mut changed = false;
        for (role, members) in &selected {
            let mut rules: Vec<PolicyRule> = Vec::new();
            let mut seen = std::collections::HashSet::<PolicyRule, FxBuildHasher>::default();
            for member in members {
                let written = roles.get(*member).map(|role| &role.rules);
                let rules_of_member = match resolved.get(member) {
                    Some(resolved) if fresh.contains_key(member) => Some(resolved),
                    _ => written,
                };
                for rule in rules_of_member.into_iter().flat_map(|rules| rules.iter()) {
                    if seen.insert(rule.clone()) {
                        rules.push(rule.clone());
                    }
                }
            }
            if resolved.get(role).is_none_or(|before| **before != *rules) {
                resolved.insert(*role, rules.into());
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut drifts = Vec::new();
    for (position, rules) in resolved {
        let Some(role) = roles.get_mut(position) else { continue };
        let applied = fresh.contains_key(&position);
        let without = |rules: &[PolicyRule], other: &[PolicyRule]| {
            rules.iter().filter(|rule| !other.contains(rule)).cloned().collect::<Vec<_>>()
        };
        let drift = AggregationDrift {
            role: role.metadata.name.clone(),
            added: without(&rules, &role.rules),
            overwritten: without(&role.rules, &rules),
            applied,
        };
        if !drift.added.is_empty() || !drift.overwritten.is_empty() {
            drifts.push(drift);
        }
        if applied {
            role.rules = rules;
        }
    }
    drifts
}

/// Returns, for each aggregated role that selects any, the selected roles in the controller's
/// order.
fn selections(roles: &[Role]) -> BTreeMap<usize, Vec<usize>> {
    let mut selections = BTreeMap::new();
    for (position, role) in roles.iter().enumerate() {
        let Some(aggregation) = &role.aggregation else { continue };
        let mut members = Vec::new();
        for selector in &*aggregation.selectors {
            members.extend(
                roles
                    .iter()
                    .enumerate()
                    .filter(|(other, candidate)| {
                        *other != position && selector.matches(&candidate.metadata)
                    })
                    .map(|(other, _)| other),
            );
        }
        if !members.is_empty() {
            selections.insert(position, members);
        }
    }
    selections
}

/// Returns the aggregated roles whose stored or written rules the controller will replace.
fn fresh_roles(
    roles: &[Role],
    selected: &BTreeMap<usize, Vec<usize>>,
    changed: &BTreeSet<&str>,
) -> HashMap<usize, (), FxBuildHasher> {
    let mut selectors_of: HashMap<usize, Vec<usize>, FxBuildHasher> = HashMap::default();
    for (role, members) in selected {
        for member in members {
            selectors_of.entry(*member).or_default().push(*role);
        }
    }
    let mut fresh: HashMap<usize, (), FxBuildHasher> = HashMap::default();
    let mut queue: VecDeque<usize> = VecDeque::new();
    for (position, role) in roles.iter().enumerate() {
        let aggregated = selected.contains_key(&position);
        if aggregated && !role.metadata.stored {
            fresh.insert(position, ());
        }
        if changed.contains(&*role.metadata.name) {
            queue.push_back(position);
        }
    }
    while let Some(position) = queue.pop_front() {
        for selector in selectors_of.get(&position).into_iter().flatten() {
            if fresh.insert(*selector, ()).is_none() {
                queue.push_back(*selector);
            }
        }
    }
    fresh
}
