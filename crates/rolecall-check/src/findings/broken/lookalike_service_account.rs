//! A binding names a ServiceAccount that does not exist, where one that looks alike does.
//!
//! # What it does
//!
//! Looks for bindings of ServiceAccounts that do not exist while the same name exists in another
//! namespace, or a name that differs in a letter or two in the same one. A RoleBinding's subject without
//! a namespace means the binding's own. The severity is lower where the subject names a namespace of which the input
//! holds nothing and that is spelled otherwise: other software may have a ServiceAccount of that name.
//!
//! # Why is this bad
//!
//! The grant misses its holder: whoever needs it is refused although a binding "for it" is in place.
//!
//! # Example
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: prometheus, namespace: monitoring}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: prometheus-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: prometheus}
//! ```
//!
//! # How to fix
//!
//! Write the namespace and the name of the ServiceAccount that exists.
//!
//! ```yaml
//! apiVersion: v1
//! kind: ServiceAccount
//! metadata: {name: prometheus, namespace: monitoring}
//! ---
//! apiVersion: rbac.authorization.k8s.io/v1
//! kind: RoleBinding
//! metadata: {name: prometheus-views, namespace: shop}
//! roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
//! subjects:
//! - {kind: ServiceAccount, name: prometheus, namespace: monitoring}
//! ```

use rolecall_rbac::{ServiceAccount, SubjectKind, edit_distance};

use crate::context::{Context, listed};
use crate::findings::Rule;
use crate::findings::accounts::{self, MissingSubject};
use crate::findings::ownership::Owner;
use crate::{Category, ExternalKind, FieldPath, Finding, RuleMeta, Severity, Versions};

pub(super) const RULE: Rule = Rule {
    meta: &RuleMeta {
        code: "RC104",
        name: "lookalike-service-account",
        category: Category::Broken,
        severity: Severity::High,
        since: "0.1.0",
        versions: Versions::ALL,
        rows: &[],
        source: include_str!("lookalike_service_account.rs"),
    },
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for missing in accounts::missing_subjects(context) {
        let (namespace, name) = (missing.namespace, missing.name);
        let names: Vec<String> = missing
            .lookalikes
            .iter()
            .map(|account| format!("{}/{}", account.metadata.namespace, account.metadata.name))
            .collect();
        let Some(first) = missing.lookalikes.first() else { continue };
        if may_be_moved(missing) {
            continue;
        }
        let owner = owner(context, missing);
        let verb = if owner == Owner::Input { "does" } else { "is" };
        let message = format!(
            "ServiceAccount `{namespace}/{name}` {}, but {} {verb}",
            owner.absence(),
            listed(&names)
        );
        let finding = Finding::new(RULE.meta, missing.binding.into(), message)
            .at(FieldPath::key("subjects").then_index(missing.index))
            .about(format!("{namespace}/{name}"))
            .severity(owner.severity_beside_lookalikes(RULE.meta.severity))
            .unless(accounts::unread_files(context, namespace, name))
            .fix(owner.fix(&fix(missing, first), ExternalKind::ServiceAccount, namespace, name))
            .related((*first).into(), "the ServiceAccount that exists");
        findings.push(finding);
    }
}

/// Returns who would define the ServiceAccount that is missing.
fn owner(context: &Context<'_>, missing: &MissingSubject<'_>) -> Owner {
    let namespace = missing.namespace;
    // The binding's own namespace is what a subject is given by mistake, and by default.
    let is_own = *missing.binding.metadata.namespace == *namespace;
    let is_misspelt = missing.lookalikes.iter().any(|account| {
        edit_distance(&account.metadata.namespace, namespace) <= 1 + namespace.len() / 8
    });
    match is_own || is_misspelt {
        true => Owner::Input,
        false => Owner::of_account(context, namespace, missing.name),
    }
}

/// Returns whether a build that has not been run can bring the ServiceAccount and the binding together.
fn may_be_moved(missing: &MissingSubject<'_>) -> bool {
    let is_moved = |account: &&ServiceAccount| {
        *account.metadata.name == *missing.name
            && (account.metadata.is_unbuilt() || missing.binding.metadata.is_unbuilt())
    };
    missing.lookalikes.iter().any(is_moved)
}

/// Says how to write the ServiceAccount that was probably meant.
fn fix(missing: &MissingSubject<'_>, meant: &ServiceAccount) -> String {
    let meant = &meant.metadata;
    let subject = missing.binding.subjects.get(missing.index);
    let (key, value) = match subject.map(|subject| &subject.kind) {
        Some(SubjectKind::User) => {
            ("name", format!("system:serviceaccount:{}:{}", meant.namespace, meant.name))
        }
        _ if *meant.name == *missing.name => ("namespace", meant.namespace.to_string()),
        _ => ("name", meant.name.to_string()),
    };
    format!("write `{key}: {value}`, if that one was meant")
}
