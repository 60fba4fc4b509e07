//! A container runs kubectl in a way that its ServiceAccount may not.
//!
//! # What it does
//!
//! Reads the kubectl command lines in `command` and `args` of containers, `sh -c` scripts included, and asks
//! the evaluator whether the Pod's ServiceAccount may do what they do; oc is read as kubectl. Command lines that
//! use a kubeconfig, another context, server or token are left out, and so is whatever depends on values that
//! are only known at run time, or on files. With `--as`, impersonation is what is needed. Of `-f -` the objects are
//! known that stand in a here-document, or that a `kubectl create --dry-run=client` before the pipe prints; a command
//! that creates a role needs the rights that the role grants. A container uses a kubeconfig once it sets `KUBECONFIG`, runs
//! something like `aws eks update-kubeconfig` or `kubectl config use-context`, or names `~/.kube/config`. Containers
//! may use one where their `env` sets `KUBECONFIG`, their `envFrom` may, or something is mounted at `.kube`, and
//! are left out too.
//!
//! # Why is this bad
//!
//! The container fails with `Error from server (Forbidden)` once it is deployed.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata: {name: restart, namespace: shop}
//! spec:
//!   schedule: "0 3 * * *"
//!   jobTemplate:
//!     spec:
//!       template:
//!         spec:
//!           serviceAccountName: restarter
//!           restartPolicy: Never
//!           containers:
//!           - name: kubectl
//!             image: registry.example.com/tools/kubectl:1.36
//!             command: [sh, -c, "kubectl rollout restart deployment/web && kubectl get pods"]
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: restarter, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Grant the ServiceAccount what the command needs; `rolecall fix` writes the Role and the RoleBinding.
//!
//! ```yaml
//! apiVersion: batch/v1
//! kind: CronJob
//! metadata: {name: restart, namespace: shop}
//! spec:
//!   schedule: "0 3 * * *"
//!   jobTemplate:
//!     spec:
//!       template:
//!         spec:
//!           serviceAccountName: restarter
//!           restartPolicy: Never
//!           containers:
//!           - name: kubectl
//!             image: registry.example.com/tools/kubectl:1.36
//!             command: [sh, -c, "kubectl rollout restart deployment/web && kubectl get pods"]
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: restarter, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: restarter, namespace: shop}
//! rules:
//! - {apiGroups: [apps], resources: [deployments], resourceNames: [web], verbs: [get, patch]}
//! - {apiGroups: [""], resources: [pods], verbs: [list]}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: restarter, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: restarter}
//! subjects:
//! - {kind: ServiceAccount, name: restarter, namespace: shop}
//! ```

use crate::commands::Tool;
use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC301",
        name: "kubectl-denied",
        category: Category::Denied,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("kubectl_denied.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    super::check_tool(context, &[Tool::Kubectl, Tool::Oc], RULE.meta, findings);
}
