//! A binding for everybody with credentials.
//!
//! # What it does
//!
//! Finds bindings of the groups `system:authenticated` and `system:serviceaccounts`, and of OpenShift's
//! `system:authenticated:oauth`. Default bindings of Kubernetes are left out.
//!
//! # Why is this bad
//!
//! Every user and every Pod's ServiceAccount has the rights, those of the future included. On some
//! providers `system:authenticated` has anybody with an account there.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: everybody}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}
//! ```
//!
//! # How to fix
//!
//! Name who needs it. All ServiceAccounts of one namespace are the group
//! `system:serviceaccounts:NAMESPACE`.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: everybody}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:serviceaccounts:shop"}
//! ```

use rolecall_access::risk::AUTHENTICATED;

use super::subjects;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Versions};

/// Groups of everybody who has credentials; on OpenShift, all people log in through OAuth.
const EVERYBODY: [&str; 3] =
    ["system:authenticated", "system:authenticated:oauth", "system:serviceaccounts"];

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC508",
        name: "authenticated-subject",
        category: Category::Risk,
        severity: AUTHENTICATED.severity,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P08"],
        source: include_str!("authenticated_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, _| {
        let everybody = EVERYBODY.iter().any(|name| subjects::is_group(subject, name));
        everybody.then_some(subjects::Report {
            message: "grants rights to everybody with credentials",
            scoped: &AUTHENTICATED,
            fix: "name who needs it",
        })
    });
}
