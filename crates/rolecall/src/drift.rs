//! Aggregated ClusterRoles whose stored rules differ from the aggregated ones.

use rolecall_rbac::{AggregationDrift, Origin};

use crate::load::Session;
use crate::ui::Ui;

impl Session {
    /// Returns the drifts that change the rules in this answer, or will change them in a cluster.
    pub(crate) fn reported_drifts(&self) -> impl Iterator<Item = &AggregationDrift> {
        self.drifts.iter().filter(|drift| self.explain(drift).is_some())
    }

    /// Reports the drifts that change the rules in this answer, or will change them in a cluster.
    pub(crate) fn report_drifts(&self, ui: &Ui) {
        self.drifts.iter().filter_map(|drift| self.explain(drift)).for_each(|text| ui.note(text));
    }

    fn explain(&self, drift: &AggregationDrift) -> Option<String> {
        let inventory = self.authorizer.inventory();
        let name = &drift.role;
        if !drift.applied {
            // The ClusterRoles that it selects might not have been read.
            let some_unread = inventory.gaps().iter().any(|gap| gap.may_hide_cluster_role());
            return (!some_unread).then(|| {
                format!(
                    "ClusterRole `{name}` is aggregated, but its stored rules differ from those of the \
                     ClusterRoles that it selects; the stored rules apply until a controller updates them"
                )
            });
        }
        if !drift.overwritten.is_empty() {
            return Some(format!(
                "ClusterRole `{name}` is aggregated: a controller overwrites its own rules"
            ));
        }
        let is_of_server = inventory.role("", name).is_some_and(|role| {
            let label = role.metadata.label("kubernetes.io/bootstrapping");
            role.metadata.origin != Origin::Default
                && label.is_some_and(|value| **value == *"rbac-defaults")
        });
        (is_of_server && !drift.added.is_empty()).then(|| {
            format!(
                "ClusterRole `{name}` is aggregated: the rules stored in the input differ from those of \
                 the ClusterRoles that it selects; rolecall uses the latter"
            )
        })
    }
}
