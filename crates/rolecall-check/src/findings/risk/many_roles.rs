//! A ServiceAccount that many bindings name.
//!
//! # What it does
//!
//! Finds ServiceAccounts that are named by four bindings or more.
//!
//! # Why is this bad
//!
//! What it may do stands in many places, and nobody sees it as a whole.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-0, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-1, namespace: stock}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-2, namespace: billing}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-3, namespace: mail}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Put the rules into fewer roles.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```

use rolecall_rbac::Identity;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC561",
        name: "many-roles",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P61"],
        source: include_str!("many_roles.rs"),
    },
    check,
};

/// So many bindings are many.
const MANY: usize = 4;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for account in context.service_accounts() {
        let metadata = &account.metadata;
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let bindings = context.authorizer().bindings_of(&identity);
        let direct = bindings.iter().filter(|bound| bound.subject.name == metadata.name);
        let count = direct.count();
        if count >= MANY {
            let finding =
                Finding::new(RULE.meta, account.into(), format!("{count} bindings name it"))
                    .fix("put the rules into fewer roles");
            findings.push(finding);
        }
    }
}
