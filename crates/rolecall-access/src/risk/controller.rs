//! Controllers of custom resources, and the risks that they cannot work without.
//!
//! A controller can be recognized by its access: it writes the status or the finalizers of kinds that Kubernetes does
//! not serve. To create the objects that its resources describe, it writes Services, ConfigMaps, roles and others in
//! the namespaces of its users. It cannot work without this access, so the finding is informational, unless the access
//! can take over the cluster.

use rolecall_rbac::{PolicyRule, Text};

use super::Risk;
use super::model::Controllers;
use crate::{Severity, known};

/// Returns whether the severity of a risk depends on whether its holders are controllers.
pub(super) fn may_be_needed(risk: &Risk, severity: Severity) -> bool {
    matches!(severity, Severity::Low | Severity::Medium) && risk.controllers != Controllers::Nowhere
}

/// Returns whether a rule lets its holders write the status or the finalizers of custom resources, possibly
/// with everything else in their API group.
pub(super) fn is_of_controller(rule: &PolicyRule) -> bool {
    let writes = |verb: &Text| matches!(&**verb, "update" | "patch" | "*");
    let is_custom = |group: &Text| **group != *"*" && !known::is_built_in(group);
    let is_own = |entry: &Text| {
        let subresource = entry.split_once('/').map(|(_, subresource)| subresource);
        matches!(subresource, Some("status" | "finalizers"))
    };
    // Operators often get everything in their own API group. Beside other groups, it says nothing.
    let has_own_group = || {
        rule.resources.iter().any(|entry| **entry == *"*") && rule.api_groups.iter().all(is_custom)
    };
    rule.verbs.iter().any(writes)
        && rule.api_groups.iter().any(is_custom)
        && (rule.resources.iter().any(is_own) || has_own_group())
}
