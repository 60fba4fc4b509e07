//! A ServiceAccount that holds many roles in one place.
//!
//! # What it does
//!
//! Finds ServiceAccounts that bindings give four roles or more in one namespace, or cluster-wide. Only roles of the input
//! count: Kubernetes' own cannot be put together. Bindings in different namespaces do not count together.
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
//! kind: Role
//! metadata: {name: web-pods, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-pods, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web-pods}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web-jobs, namespace: shop}
//! rules:
//! - {apiGroups: [batch], resources: [jobs], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-jobs, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web-jobs}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web-secrets, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [secrets], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-secrets, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web-secrets}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web-leases, namespace: shop}
//! rules:
//! - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-leases, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web-leases}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Put the rules into one role.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: web, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods, secrets], verbs: [get]}
//! - {apiGroups: [batch], resources: [jobs], verbs: [get]}
//! - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: web}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::Identity;

use crate::context::{Context, listed};
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

/// So many roles are many.
const MANY: usize = 4;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let names = context.names();
    for account in context.service_accounts().filter(|account| names.is_bound(account)) {
        let metadata = &account.metadata;
        let identity = Identity::service_account(&metadata.namespace, &metadata.name);
        let mut roles: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for bound in context.authorizer().bindings_of(&identity) {
            let Ok(role) = bound.role else { continue };
            let is_own = bound.subject.name == metadata.name && context.is_judged(&role.metadata);
            if is_own && !context.is_default_role(role) {
                let place = &*bound.binding.metadata.namespace;
                let name = format!("{} {}", role.kind(), role.metadata.name);
                roles.entry(place).or_default().insert(name);
            }
        }
        for (place, roles) in roles.into_iter().filter(|(_, roles)| roles.len() >= MANY) {
            let at = match place {
                "" => "cluster-wide".to_owned(),
                namespace => format!("in namespace `{namespace}`"),
            };
            let names: Vec<String> = roles.into_iter().collect();
            let message = format!("holds {} roles {at}: {}", names.len(), listed(&names));
            let finding = Finding::new(RULE.meta, account.into(), message)
                .about(place)
                .fix("put their rules into one");
            findings.push(finding);
        }
    }
}
