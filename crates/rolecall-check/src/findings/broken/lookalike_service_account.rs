//! A binding names a ServiceAccount that does not exist, where one that looks alike does.
//!
//! # What it does
//!
//! Looks for bindings of ServiceAccounts that do not exist while the same name exists in another
//! namespace, or a name that differs in a letter or two in the same one. A RoleBinding's subject without
//! a namespace means the binding's own.
//!
//! # Why is this bad
//!
//! The grant misses its holder: whoever needs it is refused although a binding "for it" is in place.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: prometheus, namespace: monitoring}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: prometheus-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: prometheus}
//! ```
//!
//! # How to fix
//!
//! Write the namespace and the name of the ServiceAccount that exists.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: prometheus, namespace: monitoring}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: prometheus-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
//! ```

use crate::context::{Context, listed};
use crate::findings::{Rule, accounts};
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC104",
        name: "lookalike-service-account",
        category: Category::Broken,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("lookalike_service_account.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for missing in accounts::missing_subjects(context) {
        let (namespace, name) = (missing.namespace, missing.name);
        let names: Vec<String> = missing
            .lookalikes
            .iter()
            .map(|account| format!("{}/{}", account.metadata.namespace, account.metadata.name))
            .collect();
        let Some(first) = missing.lookalikes.first() else { continue };
        let message = format!(
            "ServiceAccount `{namespace}/{name}` does not exist, but {} does",
            listed(&names)
        );
        let meant = &first.metadata;
        let key = if *meant.name == *name { "namespace" } else { "name" };
        let value = if *meant.name == *name { &meant.namespace } else { &meant.name };
        let finding = Finding::new(RULE.meta, missing.binding.into(), message)
            .at(FieldPath::key("subjects").then_index(missing.index))
            .about(format!("{namespace}/{name}"))
            .fix(format!("write `{key}: {value}`, if that one was meant"))
            .related((*first).into(), "the ServiceAccount that exists");
        findings.push(finding);
    }
}
