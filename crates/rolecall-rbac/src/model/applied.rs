//! Merges a manifest with the aggregated ClusterRole that it is applied over.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::{AggregationRule, Labels, Origin, Role};
use crate::Text;

/// Merges ClusterRoles from manifests with the aggregated ones of the same name that a server has
/// or creates at startup.
///
/// Applying a manifest replaces the rules but keeps the labels and the `aggregationRule` that the
/// manifest leaves out, and then the controller restores the aggregated rules: a manifest of
/// ClusterRole `view` does not replace the default.
pub(super) fn merge_over_aggregated(roles: &mut [Role]) {
    let mut kept: HashMap<Text, (Option<AggregationRule>, Labels), FxBuildHasher> =
        HashMap::default();
    for role in roles.iter() {
        if role.aggregation.is_some() && role.is_cluster_role() && !is_manifest(role) {
            let of_server = (role.aggregation.clone(), role.metadata.labels.clone());
            kept.insert(role.metadata.name.clone(), of_server);
        }
    }
    if kept.is_empty() {
        return;
    }
    for role in roles.iter_mut().filter(|role| role.is_cluster_role() && is_manifest(role)) {
        let Some((aggregation, labels)) = kept.get(&role.metadata.name) else { continue };
        if role.aggregation.is_none() {
            role.aggregation.clone_from(aggregation);
        }
        let mut merged = role.metadata.labels.to_vec();
        let is_new = |key: &Text| !role.metadata.labels.iter().any(|(written, _)| written == key);
        merged.extend(labels.iter().filter(|(key, _)| is_new(key)).cloned());
        merged.sort();
        role.metadata.labels = merged.into();
    }
}

/// Returns whether a role comes from a manifest that has not been applied yet.
fn is_manifest(role: &Role) -> bool {
    matches!(role.metadata.origin, Origin::File { .. }) && !role.metadata.stored
}
