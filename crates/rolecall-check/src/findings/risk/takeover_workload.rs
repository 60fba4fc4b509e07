//! A workload whose ServiceAccount can take over the cluster.
//!
//! # What it does
//!
//! Finds workloads that run as a ServiceAccount with a risk that takes over namespaces or the cluster, held
//! everywhere. DaemonSets are reported as RC558.
//!
//! # Why is this bad
//!
//! Whoever breaks into one of its Pods has these rights.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: agent, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: agent
//!       containers:
//!       - {name: agent, image: registry.example.com/agent:1}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: agent, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: agent}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
//! subjects:
//! - {kind: ServiceAccount, name: agent, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Grant the ServiceAccount what the workload needs, where it needs it.
//!
//! ```yaml
//! apiVersion: apps/v1
//! kind: Deployment
//! metadata: {name: agent, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: agent
//!       containers:
//!       - {name: agent, image: registry.example.com/agent:1}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: agent, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: agent}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: agent, namespace: shop}
//! ```

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC557",
        name: "takeover-workload",
        category: Category::Risk,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P57"],
        source: include_str!("takeover_workload.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::takeover::report(context, RULE.meta, findings, |kind| kind != "DaemonSet");
}
