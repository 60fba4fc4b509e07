//! A workload runs as the `default` ServiceAccount, which holds rights.
//!
//! # What it does
//!
//! Finds Pods that run as `default`, by name or because they name none, in namespaces where `default` was
//! granted something, directly or through one of its groups. What every server grants everybody does not
//! count.
//!
//! # Why is this bad
//!
//! Every Pod of the namespace that names no ServiceAccount gets the same rights, whether it needs them or
//! not, now and later.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       containers:
//!       - {name: web, image: registry.example.com/web:1}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: default, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Give the workload a ServiceAccount of its own and grant the rights to that.
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: web, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: web
//!       containers:
//!       - {name: web, image: registry.example.com/web:1}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: web-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads::{self, RunsAs};
use crate::{Category, Finding, ObjectRef, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC401",
        name: "default-service-account-with-rights",
        category: Category::Hygiene,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("default_service_account_with_rights.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        if pod.spec.service_account_name() != "default" {
            continue;
        }
        let bindings = workloads::own_bindings(context, identity);
        let Some(first) = bindings.first() else { continue };
        let message =
            format!("runs as `default`, which {} grants rights", ObjectRef::from(first.binding));
        let mut finding = Finding::new(RULE.meta, pod.workload.into(), message)
            .about(&*pod.spec.path)
            .fix("give it a ServiceAccount of its own, and grant the rights to that");
        for bound in bindings {
            finding = finding.related(bound.binding.into(), "grants rights to `default`");
        }
        findings.push(workloads::at_account(finding, pod.spec));
    }
}
