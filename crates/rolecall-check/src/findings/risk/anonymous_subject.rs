//! A binding for everybody without credentials.
//!
//! # What it does
//!
//! Finds bindings of the user `system:anonymous` or the group `system:unauthenticated`, those that every
//! server starts with left out.
//!
//! # Why is this bad
//!
//! Whoever reaches the API server has the rights, without a name that an audit log could show.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: public-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:unauthenticated"}
//! ```
//!
//! # How to fix
//!
//! Name who needs it.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: public-pods}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: developers}
//! ```

use rolecall_access::risk::ANONYMOUS;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC507",
        name: "anonymous-subject",
        category: Category::Risk,
        severity: ANONYMOUS.severity,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P07"],
        source: include_str!("anonymous_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        let anonymous = subjects::is_group(subject, "system:unauthenticated")
            || subjects::is_user(subject, "system:anonymous");
        anonymous.then_some(subjects::Report {
            message: "grants rights to anyone who can reach the API server, without credentials",
            scoped: &ANONYMOUS,
            fix: "name who needs it",
        })
    });
}
