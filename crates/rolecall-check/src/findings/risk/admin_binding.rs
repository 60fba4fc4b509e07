//! A binding to `cluster-admin`, `admin` or `edit`.
//!
//! # What it does
//!
//! Finds bindings to the default ClusterRoles with which whole namespaces, or the cluster, are
//! administered. The severity depends on the role and on whether it is granted everywhere: `admin` and `edit` in a
//! namespace are what these roles are for, and only for information.
//!
//! # Why is this bad
//!
//! `cluster-admin` allows everything. `admin` and `edit` include Secrets, `pods/exec`, running Pods as any
//! ServiceAccount and impersonating ServiceAccounts; granted with a ClusterRoleBinding, in `kube-system`
//! too.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: ci}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
//! subjects:
//! - {kind: ServiceAccount, name: deployer, namespace: ci}
//! ```
//!
//! # How to fix
//!
//! Grant a role that names what is needed, in the namespaces where it is needed.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: ClusterRoleBinding
//! metadata: {name: ci}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: deployer, namespace: ci}
//! ```

use rolecall_rbac::RoleKind;

use crate::context::{Context, listed};
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC505",
        name: "admin-binding",
        category: Category::Risk,
        severity: Severity::Critical,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P05"],
        source: include_str!("admin_binding.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        let reference = &binding.role_ref;
        if reference.kind != RoleKind::ClusterRole || binding.subjects.is_empty() {
            continue;
        }
        let everywhere = binding.is_cluster_role_binding();
        let in_system = *binding.metadata.namespace == *"kube-system";
        let severity = match (&*reference.name, everywhere || in_system) {
            ("cluster-admin", true) => Severity::Critical,
            ("cluster-admin", false) | ("admin" | "edit", true) => Severity::High,
            // That is what the roles are for.
            ("admin" | "edit", false) => Severity::Info,
            _ => continue,
        };
        let place = match everywhere {
            true => "in the whole cluster".to_owned(),
            false => format!("in namespace `{}`", binding.metadata.namespace),
        };
        let subjects: Vec<String> = binding
            .subjects
            .iter()
            .map(|subject| format!("{} {}", subject.kind.as_str(), subject.name))
            .collect();
        let message = format!("grants `{}` {place} to {}", reference.name, listed(&subjects));
        let finding = Finding::new(RULE.meta, binding.into(), message)
            .at(FieldPath::key("roleRef").then_key("name"))
            .about(format!("{} {}", reference.name, subjects.join(",")))
            .severity(severity)
            .fix("grant a role that names what is needed");
        findings.push(finding);
    }
}
