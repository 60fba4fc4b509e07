//! A workload declares needs that its ServiceAccount does not meet.
//!
//! # What it does
//!
//! Reads the annotation `rolecall.dev/needs` of workloads or their Pod templates and asks the evaluator whether
//! the Pod's ServiceAccount may do all of it. The annotation is a list of
//! `VERB,.. RESOURCE,.. [NAME,..] [in NAMESPACE]`, separated by `;`. Without `in`, the Pod's namespace is meant, with
//! `in *` all namespaces at once. A resource may be a URL path. What of the list cannot be read is RC305; the rest
//! is asked about all the same.
//!
//! # Why is this bad
//!
//! What the program in the image does is not to be seen in a manifest: leader election, watching its own
//! configuration. Who wrote the annotation knows, and the rights do not match it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: operator
//!   namespace: shop
//!   annotations:
//!     rolecall.dev/needs: "get,create,update leases.coordination.k8s.io; create events"
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: operator
//!       containers:
//!       - {name: operator, image: registry.example.com/operator:1}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: operator, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Grant what is needed, or correct the annotation.
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata:
//!   name: operator
//!   namespace: shop
//!   annotations:
//!     rolecall.dev/needs: "get,create,update leases.coordination.k8s.io; create events"
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: operator
//!       containers:
//!       - {name: operator, image: registry.example.com/operator:1}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: operator, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: operator, namespace: shop}
//! rules:
//! - {apiGroups: [coordination.k8s.io], resources: [leases], verbs: [get, create, update]}
//! - {apiGroups: [""], resources: [events], verbs: [create]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: operator, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: operator}
//! subjects:
//! - {kind: ServiceAccount, name: operator, namespace: shop}
//! ```

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::workloads::RunsAs;
use crate::{Category, Finding, RuleMeta, Severity, Versions, needs_annotation};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC304",
        name: "declared-need-denied",
        category: Category::Denied,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("declared_need_denied.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for pod in context.pods() {
        let RunsAs::Account(identity) = &pod.runs_as else { continue };
        let Some(declared) = needs_annotation::of(pod.workload, pod.spec) else { continue };
        let needs = needs_annotation::parse(declared, context.catalog()).needs;
        let refused = super::refused(context, &needs, identity, pod.workload);
        if refused.is_empty() {
            continue;
        }
        let said = super::describe(pod.workload, pod.spec, &refused);
        let message = format!("declared needs are not met: {said}");
        let about = format!("{} {declared}", pod.spec.path);
        let finding =
            super::denied(context, RULE.meta, pod.workload, message, identity, refused, pod.spec)
                .at(super::malformed_needs::path(pod.spec))
                .about(about);
        findings.push(finding);
    }
}
