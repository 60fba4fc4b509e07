//! A binding for a `default` ServiceAccount.
//!
//! # What it does
//!
//! Finds bindings that name the ServiceAccount `default` of a namespace, also by its user name,
//! `system:serviceaccount:NAMESPACE:default`.
//!
//! # Why is this bad
//!
//! Every Pod of the namespace that names no ServiceAccount runs as `default` and gets the rights.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: default, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Name the ServiceAccount of the workload that needs it.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```

use rolecall_access::risk::DEFAULT_ACCOUNT;

use super::subjects;
use crate::context::Context;
use crate::findings::{Rule, accounts};
use crate::{Category, Finding, RuleMeta, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC509",
        name: "default-service-account-subject",
        category: Category::Risk,
        severity: DEFAULT_ACCOUNT.severity,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P09"],
        source: include_str!("default_service_account_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    subjects::report(context, RULE.meta, findings, |subject, binding| {
        let account = accounts::account_of(subject, binding);
        let default = account.is_some_and(|(_, name)| name == "default");
        default.then_some(subjects::Report {
            message: "grants rights to every Pod that names no ServiceAccount",
            scoped: &DEFAULT_ACCOUNT,
            fix: "name the ServiceAccount of the workload that needs it",
        })
    });
}
