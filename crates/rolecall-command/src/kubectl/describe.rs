//! `kubectl describe`, which leaves out most related objects that it cannot read, but requires some.

use rolecall_rbac::Text;

use super::subcommands::Command;
use crate::need::{Need, NeedName, NeedNamespace};

/// The resources that each kind requires: group and resource, and what is listed.
const REQUIRED: [(&str, &str, &[&str]); 5] = [
    ("", "configmaps", &["events"]),
    ("", "namespaces", &["limitranges", "resourcequotas"]),
    ("", "replicationcontrollers", &["pods"]),
    ("apps", "daemonsets", &["pods"]),
    ("apps", "statefulsets", &["pods"]),
];

impl Command<'_> {
    /// Returns the needs of each object; those of a list are read again one by one.
    pub(super) fn describe(&self) -> Option<Vec<Need>> {
        let in_each = match &self.namespace {
            NeedNamespace::Known(all) if all.is_empty() => NeedNamespace::Each,
            namespace => namespace.clone(),
        };
        let mut needs = Vec::new();
        for target in self.each(self.operands)? {
            needs.push(self.read(&target));
            if target.is_collection() {
                needs.push(target.named("get", &in_each));
            }
            needs.extend(self.required(&target.group, &target.resource, &target.name, &in_each));
        }
        Some(needs)
    }

    /// Returns the needs for the related objects that kubectl requires.
    pub(super) fn required(
        &self,
        group: &str,
        resource: &str,
        name: &NeedName,
        namespace: &NeedNamespace,
    ) -> Vec<Need> {
        let within = match (resource, name) {
            ("namespaces", NeedName::Known(name)) => NeedNamespace::Known(Text::clone(name)),
            ("namespaces", NeedName::Collection) => NeedNamespace::Each,
            ("namespaces", NeedName::Unknown) => NeedNamespace::Unknown,
            _ => namespace.clone(),
        };
        let required = REQUIRED.iter().find(|row| (row.0, row.1) == (group, resource));
        let listed = required.map_or::<&[&str], _>(&[], |row| row.2).iter();
        let shows_events = !self.flags.is_false("show-events");
        listed
            .filter(|listed| shows_events || **listed != "events")
            .map(|listed| Need::new("list", "", listed, NeedName::Collection).in_namespace(&within))
            .collect()
    }
}
