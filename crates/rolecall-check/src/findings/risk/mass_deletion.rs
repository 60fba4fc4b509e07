//! A rule with `deletecollection`.
//!
//! # What it does
//!
//! Finds rules that name the verb `deletecollection`.
//!
//! # Why is this bad
//!
//! One request deletes all objects of a kind in a namespace, or everywhere. Hardly anything but the
//! namespace controller and the garbage collector needs it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: cleaner}
//! rules:
//! - {apiGroups: [example.com], resources: [widgets], verbs: [list, deletecollection]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: cleaner}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cleaner}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```
//!
//! # How to fix
//!
//! Grant `delete`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: cleaner}
//! rules:
//! - {apiGroups: [example.com], resources: [widgets], verbs: [list, delete]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: cleaner}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cleaner}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use rolecall_rbac::PolicyRule;

use crate::context::{Context, joined, listed};
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC571",
        name: "mass-deletion",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P64"],
        source: include_str!("mass_deletion.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for at in context.rules() {
        let Some(index) = at.rule.verbs.iter().position(|verb| **verb == *"deletecollection")
        else {
            continue;
        };
        let message = format!("one request deletes all {}", what(at.rule));
        let finding = Finding::new(RULE.meta, at.role.into(), message)
            .at(at.value("verbs", index))
            .about(joined(&at.rule.resources))
            .fix("grant `delete` by `resourceNames` instead");
        findings.push(finding);
    }
}

/// Names the kinds of a rule of which collections can be deleted, the first of them.
fn what(rule: &PolicyRule) -> String {
    let kinds: Vec<&str> = rule
        .resources
        .iter()
        .map(|resource| &**resource)
        .filter(|resource| !resource.contains('/'))
        .collect();
    match &*kinds {
        [] => listed(&rule.resources),
        kinds if kinds.contains(&"*") => "objects of a kind".to_owned(),
        [first, second, _, rest @ ..] if !rest.is_empty() => {
            format!("`{first}`, or `{second}`, or of {} other kinds", kinds.len() - 2)
        }
        kinds => listed(kinds),
    }
}
