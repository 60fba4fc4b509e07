//! The existence of ServiceAccounts, for several rules.

use rolecall_rbac::{
    Binding, ObjectKind, ServiceAccount, Subject, SubjectKind, Text, Unread, edit_distance_within,
    is_template,
};

use crate::context::Context;
use crate::missing_subject::MissingSubject;
use crate::{ExternalKind, validation};

/// Returns the ServiceAccounts that checked bindings name and that do not exist.
pub(super) fn missing_subjects<'c, 'a>(
    context: &'c Context<'a>,
) -> impl Iterator<Item = &'c MissingSubject<'a>> {
    unknown_subjects(context).iter().filter(|missing| {
        !context.is_external(ExternalKind::ServiceAccount, missing.namespace, missing.name)
    })
}

/// Returns the ServiceAccounts that checked bindings name and that the input does not contain.
pub(super) fn unknown_subjects<'c, 'a>(context: &'c Context<'a>) -> &'c [MissingSubject<'a>] {
    context.unknown_subjects.get_or_init(|| find_unknown_subjects(context))
}

/// Returns the ServiceAccounts that checked bindings name and that the input does not contain, including those
/// that other software installs. Names that the API server rejects have their own finding.
fn find_unknown_subjects<'a>(context: &Context<'a>) -> Vec<MissingSubject<'a>> {
    let mut missing = Vec::new();
    for binding in context.bindings() {
        for (index, subject) in binding.subjects.iter().enumerate() {
            let Some((namespace, name)) = account_of(subject, binding) else { continue };
            let is_known = name.is_empty()
                || is_template(name)
                || is_template(namespace)
                || is_placeholder(context, namespace)
                || exists(context, namespace, name)
                || validation::rejects_subject(binding, index, context.input.version);
            if is_known {
                continue;
            }
            // The binding's namespace is a guess, and so is that of a subject without one.
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

/// Returns whether a namespace is a placeholder that programs replace, as in bundles for OLM.
fn is_placeholder(context: &Context<'_>, namespace: &str) -> bool {
    let inventory = context.inventory();
    namespace == "placeholder"
        && inventory.namespace(namespace).is_none()
        && inventory.service_accounts_in(namespace).is_empty()
}

/// Returns the namespace and name of the ServiceAccount that a subject names, including by its user name.
pub(super) fn account_of<'a>(
    subject: &'a Subject,
    binding: &'a Binding,
) -> Option<(&'a str, &'a str)> {
    match subject.kind {
        SubjectKind::ServiceAccount => {
            Some((subject.effective_namespace(&binding.metadata)?, &subject.name))
        }
        SubjectKind::User => {
            let account = subject.name.strip_prefix("system:serviceaccount:")?.split_once(':');
            // The names of ServiceAccounts contain no colon, except in templates.
            account.filter(|(_, name)| !name.contains(':') || is_template(name))
        }
        SubjectKind::Group | SubjectKind::Other(_) => None,
    }
}

/// Returns whether a ServiceAccount might exist: unread, created by an operator, or without a namespace yet.
pub(super) fn exists(context: &Context<'_>, namespace: &str, name: &str) -> bool {
    let (inventory, names) = (context.inventory(), context.names());
    name == "default"
        || inventory.service_account(namespace, name).is_some()
        || context.is_beyond_judgement(|gap| gap.may_hide_service_account(namespace))
        || names.accounts(name).iter().any(|account| context.is_guess(&account.metadata))
        || names.is_account_of_servers(namespace, name)
        || names.is_account_of_operator(namespace, name)
}

/// Returns the unread files that might contain a ServiceAccount.
pub(super) fn unread_files(context: &Context<'_>, namespace: &str, name: &str) -> Vec<Text> {
    context.unread_files(|gap| match &gap.unread {
        Unread::Object { kind: ObjectKind::ServiceAccount, namespace: unread, name: of_name } => {
            **unread == *namespace && **of_name == *name
        }
        _ => gap.may_hide_service_account(namespace),
    })
}

/// Returns whether a build might rename a ServiceAccount to this name.
pub(super) fn may_be_renamed(context: &Context<'_>, name: &str) -> bool {
    !context.inventory().gaps().is_empty()
        && context.inventory().service_accounts().iter().any(|account| {
            let metadata = &account.metadata;
            metadata.is_renamed() && is_extended(&metadata.name, name)
        })
}

/// Returns whether two names differ only by a prefix or suffix.
pub(super) fn is_extended(name: &str, longer: &str) -> bool {
    name != longer && (longer.ends_with(name) || longer.starts_with(name))
}

pub(super) fn lookalikes<'a>(
    context: &Context<'a>,
    namespace: &str,
    name: &str,
) -> Vec<&'a ServiceAccount> {
    let tolerated = 1 + name.chars().count() / 8;
    let beside = context.inventory().service_accounts_in(namespace).iter().filter_map(|account| {
        let distance = edit_distance_within(&account.metadata.name, name, tolerated)?;
        Some((false, distance, account))
    });
    let elsewhere = context.names().accounts(name).iter();
    let elsewhere = elsewhere
        .filter(|account| *account.metadata.namespace != *namespace)
        .map(|account| (true, 0, *account));
    let mut found: Vec<(bool, usize, &ServiceAccount)> = beside.chain(elsewhere).collect();
    found.sort_by_key(|(elsewhere, distance, account)| {
        (*elsewhere, *distance, account.metadata.namespace.clone(), account.metadata.name.clone())
    });
    found.into_iter().map(|(_, _, account)| account).take(3).collect()
}
