//! A role that no binding refers to.
//!
//! # What it does
//!
//! Finds Roles and ClusterRoles without a binding whose labels no aggregated ClusterRole selects.
//!
//! # Why is this bad
//!
//! It grants nothing to anybody. It may be meant for bindings that are kept elsewhere, which is why this is
//! only for information.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata: {name: pod-reader}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```
//!
//! # How to fix
//!
//! Bind it, aggregate it, or remove it.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRole
//! metadata:
//!   name: pod-reader
//!   labels: {rbac.authorization.k8s.io/aggregate-to-view: "true"}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```

use rolecall_rbac::Gap;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC408",
        name: "unused-role",
        category: Category::Hygiene,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("unused_role.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.is_unlisted(Gap::may_hide_any_binding) {
        return;
    }
    let files = context.unread_files(Gap::may_hide_any_binding);
    for role in context.roles() {
        let used = role.rules.is_empty()
            || context.is_aggregated(role)
            || !context.bindings_to(role).is_empty();
        if !used {
            let message = "no binding refers to it".to_owned();
            let finding = Finding::new(RULE.meta, role.into(), message);
            findings.push(finding.fix("bind it, or remove it").unless(files.clone()));
        }
    }
}
