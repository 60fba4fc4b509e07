//! Which ServiceAccounts exist, as several rules ask.

use rolecall_rbac::{Binding, Inventory, ServiceAccount, Subject, SubjectKind, edit_distance};

use crate::context::Context;
use crate::{ExternalKind, validation};

/// A subject of a judged binding that names a ServiceAccount which the input does not hold.
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
    let mut missing = unknown_subjects(context);
    missing.retain(|missing| {
        !context.is_external(ExternalKind::ServiceAccount, missing.namespace, missing.name)
    });
    missing
}

/// Returns the ServiceAccounts that judged bindings name and the input does not hold, those included
/// that other software installs. What the API server rejects is reported as that.
pub(super) fn unknown_subjects<'a>(context: &Context<'a>) -> Vec<MissingSubject<'a>> {
    let mut missing = Vec::new();
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some((namespace, name)) = account_of(subject, binding) else { continue };
            let is_known = name.is_empty()
                || exists(context, namespace, name)
                || validation::rejects_subject(binding, index, context.input.version);
            if is_known {
                continue;
            }
            // The binding's namespace is a guess, and with it that of a subject without one.
            let guessed = context.is_guess(&binding.metadata)
                && subject.kind == SubjectKind::ServiceAccount
                && subject.namespace.is_empty();
            let lookalikes = lookalikes(context, namespace, name);
            if guessed && lookalikes.iter().any(|account| *account.metadata.name == *name) {
                continue;
            }
            missing.push(MissingSubject { binding, index, namespace, name, lookalikes });
        }
    }
    missing
}

/// Returns the ServiceAccount that a subject names, be it by its user name.
pub(super) fn account_of<'a>(
    subject: &'a Subject,
    binding: &'a Binding,
) -> Option<(&'a str, &'a str)> {
    match subject.kind {
        SubjectKind::ServiceAccount => {
            Some((subject.effective_namespace(&binding.metadata)?, &subject.name))
        }
        SubjectKind::User => subject.name.strip_prefix("system:serviceaccount:")?.split_once(':'),
        SubjectKind::Group | SubjectKind::Other(_) => None,
    }
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
            .any(|account| context.is_guess(&account.metadata) && *account.metadata.name == *name)
        || context.input.defaults.iter().flat_map(Inventory::bindings).any(|binding| {
            binding.subjects.iter().any(|subject| {
                subject.kind == SubjectKind::ServiceAccount
                    && *subject.namespace == *namespace
                    && *subject.name == *name
            })
        })
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
