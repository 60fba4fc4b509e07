//! A Role or RoleBinding in the namespace `default`.
//!
//! # What it does
//!
//! Finds Roles and RoleBindings that are written for the namespace `default`.
//!
//! # Why is this bad
//!
//! What nobody gave a namespace lands there, and so do Pods of whoever forgot theirs: rights meet
//! strangers.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: pod-reader, namespace: default}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```
//!
//! # How to fix
//!
//! Give the application a namespace of its own.
//!
//! ```yaml
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: Role
//! metadata: {name: pod-reader, namespace: shop}
//! rules:
//! - {apiGroups: [""], resources: [pods], verbs: [get, list]}
//! ```

use rolecall_rbac::Metadata;

use crate::context::Context;
use crate::findings::Rule;
use crate::{Category, FieldPath, Finding, ObjectRef, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC562",
        name: "rbac-in-default-namespace",
        category: Category::Risk,
        severity: Severity::Info,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &["P62"],
        source: include_str!("rbac_in_default_namespace.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let written =
        |metadata: &Metadata| *metadata.namespace == *"default" && !metadata.namespace_assumed;
    let roles = context.roles().filter(|role| written(&role.metadata)).map(ObjectRef::from);
    let bindings =
        context.bindings().filter(|binding| written(&binding.metadata)).map(ObjectRef::from);
    for object in roles.chain(bindings) {
        let finding = Finding::new(RULE.meta, object, "stands in namespace `default`".to_owned())
            .at(FieldPath::key("metadata").then_key("namespace"))
            .fix("give the application a namespace of its own");
        findings.push(finding);
    }
}
