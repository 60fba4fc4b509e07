//! A role without rules, or a binding without subjects.
//!
//! # What it does
//!
//! Finds bindings that name nobody, and roles without rules that are not filled by aggregation.
//!
//! # Why is this bad
//!
//! They grant nothing. Often a template left the list empty. (Rules with an empty list of verbs, API
//! groups or resources are rejected by the API server and reported as RC105.)
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects: []
//! ```
//!
//! # How to fix
//!
//! Name the subjects or rules, or remove the object.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: shop-viewers}
//! ```

use std::collections::BTreeSet;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, ObjectRef, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC210",
        name: "empty-grant",
        category: Category::Dead,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("empty_grant.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    for role in context.roles() {
        if role.rules.is_empty() && role.aggregation.is_none() {
            let finding = Finding::new(RULE.meta, role.into(), "grants nothing: no rules".into())
                .at(FieldPath::key("rules"))
                .fix("add rules, or remove it");
            findings.push(finding);
        }
    }
    for binding in context.bindings() {
        if binding.subjects.is_empty() {
            let message = "grants nothing: no subjects".into();
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects"))
                .fix("name the subjects, or remove it");
            findings.push(finding);
        }
    }
    // A list under a name that servers do not know is reported as that.
    let misnamed: BTreeSet<ObjectRef> = context
        .inventory()
        .unknown_fields()
        .iter()
        .filter(|field| !field.path.contains('.'))
        .map(|field| ObjectRef {
            origin: field.origin.clone(),
            kind: field.kind.clone(),
            namespace: field.namespace.clone(),
            name: field.name.clone(),
        })
        .collect();
    if !misnamed.is_empty() {
        let found = findings.split_off(before);
        findings.extend(found.into_iter().filter(|it| !misnamed.contains(&it.object)));
    }
}
