//! Which ServiceAccounts exist, as several rules ask.

use rolecall_rbac::{Binding, Inventory, ServiceAccount, SubjectKind, edit_distance};

use crate::context::Context;

/// A subject of a judged binding that names a ServiceAccount which does not exist.
pub(super) struct MissingSubject<'a> {
    pub(super) binding: &'a Binding,
    pub(super) index: usize,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    /// ServiceAccounts that may have been meant, nearest first.
    pub(super) lookalikes: Vec<&'a ServiceAccount>,
}

/// Returns the ServiceAccounts that judged bindings name in vain.
pub(super) fn missing_subjects<'a>(context: &Context<'a>) -> Vec<MissingSubject<'a>> {
    let mut missing = Vec::new();
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let (SubjectKind::ServiceAccount, Some(namespace)) =
                (&subject.kind, subject.effective_namespace(&binding.metadata))
            else {
                continue;
            };
            if subject.name.is_empty() || exists(context, namespace, &subject.name) {
                continue;
            }
            // The binding's namespace is a guess, and with it that of a subject without one.
            let guessed = binding.metadata.namespace_assumed && subject.namespace.is_empty();
            let lookalikes = lookalikes(context, namespace, &subject.name);
            if guessed && lookalikes.iter().any(|account| account.metadata.name == subject.name) {
                continue;
            }
            missing.push(MissingSubject {
                binding,
                index,
                namespace,
                name: &subject.name,
                lookalikes,
            });
        }
    }
    missing
}

/// Returns whether a ServiceAccount exists, or may: unread, or without a namespace of its own yet.
pub(super) fn exists(context: &Context<'_>, namespace: &str, name: &str) -> bool {
    let inventory = context.inventory();
    name == "default"
        || inventory.service_account(namespace, name).is_some()
        || inventory.gaps().iter().any(|gap| gap.may_hide_service_account(namespace))
        || inventory
            .service_accounts()
            .iter()
            .any(|account| account.metadata.namespace_assumed && *account.metadata.name == *name)
        || context.input.defaults.iter().flat_map(Inventory::bindings).any(|binding| {
            binding.subjects.iter().any(|subject| {
                subject.kind == SubjectKind::ServiceAccount
                    && *subject.namespace == *namespace
                    && *subject.name == *name
            })
        })
}

/// Returns whether the input holds a ServiceAccount or workload of a namespace, so that it may be
/// taken to hold them all.
pub(super) fn has_anything_in(context: &Context<'_>, namespace: &str) -> bool {
    let inventory = context.inventory();
    !inventory.service_accounts_in(namespace).is_empty()
        || !inventory.workloads_in(namespace).is_empty()
}

pub(super) fn lookalikes<'a>(
    context: &Context<'a>,
    namespace: &str,
    name: &str,
) -> Vec<&'a ServiceAccount> {
    let tolerated = 1 + name.chars().count() / 8;
    let mut found: Vec<(bool, usize, &ServiceAccount)> = context
        .inventory()
        .service_accounts()
        .iter()
        .filter_map(|account| {
            let metadata = &account.metadata;
            let elsewhere = *metadata.namespace != *namespace;
            let distance = match elsewhere {
                true if *metadata.name == *name => 0,
                true => return None,
                false => edit_distance(&metadata.name, name),
            };
            (distance <= tolerated).then_some((elsewhere, distance, account))
        })
        .collect();
    found.sort_by_key(|(elsewhere, distance, account)| {
        (*elsewhere, *distance, account.metadata.namespace.clone(), account.metadata.name.clone())
    });
    found.into_iter().map(|(_, _, account)| account).take(3).collect()
}
