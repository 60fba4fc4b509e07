//! A container runs helm in a way that its ServiceAccount may not.
//!
//! # What it does
//!
//! Reads the helm command lines in `command` and `args` of containers and asks whether the Pod's
//! ServiceAccount may read and write the Secrets in which helm keeps its releases; `upgrade` deletes the oldest once
//! there are more than `--history-max`. What the chart itself
//! makes is not known and not asked about. A helm that uses a kubeconfig is left out, as for RC301.
//!
//! # Why is this bad
//!
//! The container fails with `secrets is forbidden` once it is deployed.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: deploy, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: deployer
//!       restartPolicy: Never
//!       containers:
//!       - name: helm
//!         image: registry.example.com/tools/helm:3
//!         args: [upgrade, --install, web, ./chart]
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: deployer, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Let the ServiceAccount work with Secrets of the namespace, and with what the chart makes.
//!
//! ```yaml
//! apiVersion: batch/v1
//! kind: Job
//! metadata: {name: deploy, namespace: shop}
//! spec:
//!   template:
//!     spec:
//!       serviceAccountName: deployer
//!       restartPolicy: Never
//!       containers:
//!       - name: helm
//!         image: registry.example.com/tools/helm:3
//!         args: [upgrade, --install, web, ./chart]
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: deployer, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: deployer, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}
//! subjects:
//! - {kind: ServiceAccount, name: deployer, namespace: shop}
//! ```

use crate::commands::Tool;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC302",
        name: "helm-denied",
        category: Category::Denied,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("helm_denied.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::check_tool(context, &[Tool::Helm], RULE.meta, findings);
}
