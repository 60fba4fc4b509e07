//! An entry of `external` that nothing refers to.
//!
//! # What it does
//!
//! Finds entries of `external` in `rolecall.yaml` that no role, ServiceAccount or binding of the input needs: nothing
//! refers to what they name, or the input holds it by now.
//!
//! # Why is this bad
//!
//! It will hide the next misspelling that it matches.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: metrics, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! external: [ServiceAccount monitoring/prometheus]
//! ```
//!
//! # How to fix
//!
//! Remove the entry.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: metrics, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
//! ---
//! apiVersion: rolecall.dev/v1
//! kind: CheckConfig
//! external: [ServiceAccount monitoring/prometheus]
//! ```

use crate::context::Context;
use crate::findings::{Rule, roles, workloads};
use crate::{Category, ExternalKind, Finding, ObjectRef, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC904",
        name: "unused-external",
        category: Category::Suppression,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("unused_external.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Where everything is known, nothing is external, and the list may be there for other runs.
    if context.input.external.is_empty() || context.input.complete {
        return;
    }
    let missing = missing(context);
    for entry in context.input.external {
        let is_used = |(kind, namespace, name): &(ExternalKind, &str, &str)| {
            entry.matches(*kind, namespace, name)
        };
        if missing.iter().any(is_used) {
            continue;
        }
        let object = ObjectRef {
            origin: entry.origin.clone(),
            kind: "External".into(),
            namespace: "".into(),
            name: entry.to_string().into(),
        };
        let message = "no role or ServiceAccount that is missing matches it".to_owned();
        let finding = Finding::new(RULE.meta, object, message)
            .about(entry.to_string())
            .fix("remove the entry");
        findings.push(finding);
    }
}

/// Returns what the input refers to and does not hold.
fn missing<'a>(context: &'a Context<'_>) -> Vec<(ExternalKind, &'a str, &'a str)> {
    let roles = roles::without_role(context).map(|binding| {
        let (kind, namespace) = roles::kind_and_namespace(binding);
        (kind, namespace, &*binding.role_ref.name)
    });
    let accounts = context
        .unknown_subjects()
        .iter()
        .map(|missing| (ExternalKind::ServiceAccount, missing.namespace, missing.name));
    let pods = context.pods().iter().filter(|pod| !workloads::account_exists(context, pod));
    let of_pods = pods.map(|pod| {
        let namespace = &*pod.workload.metadata.namespace;
        (ExternalKind::ServiceAccount, namespace, pod.spec.service_account_name())
    });
    roles.chain(accounts).chain(of_pods).collect()
}
