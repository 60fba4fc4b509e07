//! A binding to the group `system:masters`.
//!
//! # What it does
//!
//! Finds bindings that name the group `system:masters`.
//!
//! # Why is this bad
//!
//! Members of the group are allowed everything before RBAC is asked. The binding grants them nothing, and
//! removing it takes nothing away: it hides that the group exists.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: masters}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:masters"}
//! ```
//!
//! # How to fix
//!
//! Name a group of your own.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: operators}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: operators}
//! ```

use rolecall_access::risk::MASTERS;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC506",
        name: "masters-subject",
        category: Category::Risk,
        severity: MASTERS.severity,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P06"],
        source: include_str!("masters_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        subjects::is_group(subject, "system:masters").then_some(subjects::Report {
            message: "names `system:masters`, whose members are allowed everything anyway",
            scoped: &MASTERS,
            fix: "name a group of your own",
        })
    });
}
