use rolecall_rbac::{ServiceAccount, SubjectKind, edit_distance};

use crate::context::Context;
use crate::findings::Rule;
use crate::findings::accounts;
use crate::findings::ownership::Owner;
use crate::missing_subject::MissingSubject;
use crate::words::listed;
use crate::{ExternalKind, FieldPath, Finding, documents};

pub(super) const RULE: Rule = Rule { meta: &documents::RC104, check };

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
            .related((*first).into(), "the existing ServiceAccount");
        findings.push(finding);
    }
}

/// Returns the owner that would define the missing ServiceAccount.
fn owner(context: &Context<'_>, missing: &MissingSubject<'_>) -> Owner {
    let namespace = missing.namespace;
    if accounts::may_be_renamed(context, missing.name) {
        return Owner::Unknown;
    }
    // Authors often use the namespace of the binding by mistake, and it is the default.
    let is_own = *missing.binding.metadata.namespace == *namespace;
    let is_misspelt = missing.lookalikes.iter().any(|account| {
        edit_distance(&account.metadata.namespace, namespace) <= 1 + namespace.len() / 8
    });
    match is_own || is_misspelt {
        true => Owner::Input,
        false => Owner::of_account(context, namespace, missing.name),
    }
}

/// Returns whether an unbuilt kustomization could move the ServiceAccount and the binding to the
/// same namespace.
fn may_be_moved(missing: &MissingSubject<'_>) -> bool {
    let is_moved = |account: &&ServiceAccount| {
        *account.metadata.name == *missing.name
            && (account.metadata.is_unbuilt() || missing.binding.metadata.is_unbuilt())
    };
    missing.lookalikes.iter().any(is_moved)
}

/// Returns the fix that refers to the ServiceAccount that was probably intended.
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
    format!("use `{key}: {value}` if you meant that one")
}
