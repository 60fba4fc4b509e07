//! A binding names a ServiceAccount that does not exist.
//!
//! # What it does
//!
//! Looks up the ServiceAccounts that bindings name, be it as users `system:serviceaccount:NAMESPACE:NAME`. `default` exists
//! in every namespace, and the ServiceAccounts of Kubernetes' own controllers count as existing, as does what
//! `external` in `rolecall.yaml` lists, and those that operators make for custom resources of the input. The finding is
//! only for information where the input holds nothing else of that namespace, since other software can create the
//! ServiceAccount, and in namespaces of the cluster such as `kube-system`, which add-ons of many origins share.
//!
//! # Why is this bad
//!
//! Nothing runs as a ServiceAccount that does not exist, so the grant is a mistake or a leftover. Whoever
//! may create a ServiceAccount of that name gets the rights that wait for it.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: retired, namespace: shop}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Remove the subject, or create the ServiceAccount.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ---
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ```

use crate::context::Context;
use crate::findings::accounts::MissingSubject;
use crate::findings::ownership::Owner;
use crate::findings::{Rule, accounts};
use crate::{Category, ExternalKind, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC102",
        name: "missing-subject",
        category: Category::Broken,
        severity: Severity::Medium,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P60"],
        source: include_str!("missing_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for missing in accounts::missing_subjects(context) {
        if !missing.lookalikes.is_empty() {
            continue;
        }
        let (namespace, name) = (missing.namespace, missing.name);
        let owner = match Owner::of_account(context, namespace, name) {
            Owner::Input if is_visited(context, missing) => Owner::Unknown,
            owner => owner,
        };
        let perhaps = match owner {
            Owner::Input => "",
            Owner::Unknown | Owner::Others => ": other software may create it",
        };
        let message = format!("ServiceAccount `{namespace}/{name}` {}{perhaps}", owner.absence());
        let fix = match owner {
            Owner::Input => "create it, or remove the subject",
            Owner::Unknown | Owner::Others => "create it",
        };
        let finding = Finding::new(RULE.meta, missing.binding.into(), message)
            .at(FieldPath::key("subjects").then_index(missing.index).then_key("name"))
            .about(format!("{namespace}/{name}"))
            .severity(owner.severity(RULE.meta.severity))
            .unless(accounts::unread_files(context, namespace, name))
            .fix(owner.fix(fix, ExternalKind::ServiceAccount, namespace, name));
        findings.push(finding);
    }
}

/// Returns whether the input only puts ServiceAccounts into a namespace that something else set up: it holds
/// neither the Namespace nor a workload or role there, and the binding is elsewhere.
fn is_visited(context: &Context<'_>, missing: &MissingSubject<'_>) -> bool {
    let namespace = missing.namespace;
    !context.input.complete
        && *missing.binding.metadata.namespace != *namespace
        && !context.names().has_namespace(namespace)
        && context.inventory().workloads_in(namespace).is_empty()
}
