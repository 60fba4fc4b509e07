//! An aggregated ClusterRole has rules of its own.
//!
//! # What it does
//!
//! Resolves the `aggregationRule` of ClusterRoles as the controller does, and reports written rules that
//! none of the selected ClusterRoles has: high, and for information only in copies of a server's own roles,
//! which carry the label `kubernetes.io/bootstrapping`.
//!
//! # Why is this bad
//!
//! A controller owns the `rules` of an aggregated ClusterRole that selects others, and overwrites them with
//! those of the selected ClusterRoles. What is written there disappears a moment after it was applied.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: monitoring}
//! aggregationRule:
//!   clusterRoleSelectors:
//!   - matchLabels: {example.com/aggregate-to-monitoring: "true"}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: monitoring-services
//!   labels: {example.com/aggregate-to-monitoring: "true"}
//! rules:
//! - {apiGroups: [""], resources: [services], verbs: [get, list]}
//! ```
//!
//! # How to fix
//!
//! Put the rules into a ClusterRole that the aggregation selects.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: monitoring}
//! aggregationRule:
//!   clusterRoleSelectors:
//!   - matchLabels: {example.com/aggregate-to-monitoring: "true"}
//! rules: []
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: monitoring-pods
//!   labels: {example.com/aggregate-to-monitoring: "true"}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```

use rolecall_rbac::{Gap, PolicyRule, Role, covers};

use crate::context::{Context, joined};
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC211",
        name: "overwritten-rule",
        category: Category::Dead,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("overwritten_rule.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for drift in context.input.drifts {
        let Some(role) = context.inventory().role("", &drift.role) else { continue };
        // What a server has stored was resolved there; what differs may only be unread here.
        if drift.overwritten.is_empty() || !drift.applied || !context.is_judged(&role.metadata) {
            continue;
        }
        // Another release's default role differs in how its rules are written, not in what they grant.
        let is_default = || {
            context.is_default_role(role) && covers(&role.rules, &drift.overwritten).is_complete()
        };
        if context.is_unlisted(Gap::may_hide_cluster_role) || is_default() {
            continue;
        }
        let finding = finding(role, &drift.overwritten);
        findings
            .extend(finding.map(|it| it.unless(context.unread_files(Gap::may_hide_cluster_role))));
    }
}

/// Reports the rules of a role that do not last.
fn finding(role: &Role, overwritten: &[PolicyRule]) -> Option<Finding> {
    let first = overwritten.first()?;
    let what = match first.resources.is_empty() {
        true => joined(&first.non_resource_urls),
        false => joined(&first.resources),
    };
    let subject = match overwritten.len() {
        1 => format!("the rule for `{what}` is overwritten"),
        count => format!("{count} rules are overwritten, such as the one for `{what}`"),
    };
    // What carries a server's own label is a copy of what its controller made of other roles.
    let is_copy = role.metadata.label("kubernetes.io/bootstrapping").is_some();
    let (severity, fix) = match is_copy {
        true => (Severity::Info, "leave the rules out: the controller writes them"),
        false => (
            RULE.meta.severity,
            "move what is needed to a ClusterRole that the aggregationRule selects",
        ),
    };
    let message = format!(
        "{subject}: a controller fills this ClusterRole from those that its aggregationRule selects"
    );
    let finding = Finding::new(RULE.meta, role.into(), message)
        .at(FieldPath::key("rules"))
        .about(format!("{} {what}", joined(&first.verbs)))
        .severity(severity)
        .fix(fix);
    Some(finding)
}
