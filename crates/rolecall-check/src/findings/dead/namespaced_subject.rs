//! A user or group with a namespace.
//!
//! # What it does
//!
//! Finds subjects of kind `User` or `Group` with a `namespace`. It is low, and high where a ServiceAccount has that namespace
//! and name.
//!
//! # Why is this bad
//!
//! The server takes the namespace and never looks at it: users and groups are the same everywhere. Somebody meant a
//! ServiceAccount, or takes the grant for a narrower one than it is.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {apiGroup: rbac.authorization.k8s.io, kind: User, name: web, namespace: shop}
//! ```
//!
//! # How to fix
//!
//! Name the ServiceAccount, or leave the namespace out.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: web, namespace: shop}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: viewers, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: web, namespace: shop}
//! ```

use rolecall_rbac::SubjectKind;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, ObjectRef, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC216",
        name: "namespaced-subject",
        category: Category::Dead,
        severity: Severity::Low,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("namespaced_subject.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let is_anywhere = matches!(subject.kind, SubjectKind::User | SubjectKind::Group);
            if !is_anywhere || subject.namespace.is_empty() {
                continue;
            }
            let (kind, name) = (subject.kind.as_str(), &subject.name);
            let message = format!("{kind} `{name}` is of no namespace: the server ignores it");
            let finding = Finding::new(RULE.meta, binding.into(), message)
                .at(FieldPath::key("subjects").then_index(index).then_key("namespace"))
                .about(format!("{kind} {}/{name}", subject.namespace));
            let account = context.inventory().service_account(&subject.namespace, name);
            findings.push(match account {
                Some(account) => finding
                    .severity(Severity::High)
                    .fix("write `kind: ServiceAccount` and no `apiGroup`, if that one was meant")
                    .related(ObjectRef::from(account), "the ServiceAccount of that name"),
                None => finding.fix("leave it out"),
            });
        }
    }
}
