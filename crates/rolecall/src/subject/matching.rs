//! Patterns of subjects.

use std::collections::BTreeSet;

use rolecall_rbac::{
    Gap, Glob, Identity, Inventory, Metadata, ObjectKind, SubjectKind, Text, Unread,
};

use super::workload::{service_accounts_of, unknown_kind};
use super::{Subject, SubjectWord};
use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::kind::is_kind;
use crate::load::Session;
use crate::ui::Ui;

/// Finds the subjects whose names match patterns.
pub(super) fn matching_subjects(
    ui: &Ui,
    session: &Session,
    options: &Options,
    kind: &SubjectWord,
    namespace: Option<&Glob>,
    name: &Glob,
) -> Result<Vec<Subject>, CommandError> {
    let inventory = session.authorizer.inventory();
    let namespaces = session.namespaces(options);
    let in_scope = |candidate: &Text| match namespace {
        Some(pattern) => pattern.matches(candidate),
        None => options.namespace.all_namespaces || namespaces.contains(candidate),
    };
    let is_meant =
        |metadata: &Metadata| in_scope(&metadata.namespace) && name.matches(&metadata.name);
    let identified = |identity| Subject { identity, workload: None };
    let pattern = namespace.map_or_else(String::new, |namespace| format!("{namespace}:"));
    let (word, subjects): (&str, Vec<Subject>) = match kind {
        SubjectWord::ServiceAccount => {
            let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
            let meant = accounts.filter(|metadata| is_meant(metadata));
            let identity = |m: &Metadata| Identity::service_account(&m.namespace, &m.name);
            ("sa", meant.map(|metadata| identified(identity(metadata))).collect())
        }
        SubjectWord::User => {
            let names = named_by_bindings(inventory, &SubjectKind::User, name);
            ("user", names.into_iter().map(|name| identified(Identity::user(name))).collect())
        }
        SubjectWord::Group => {
            let names = named_by_bindings(inventory, &SubjectKind::Group, name);
            ("group", names.into_iter().map(|name| identified(Identity::group(name))).collect())
        }
        SubjectWord::Workload(word) => {
            let workloads = inventory.workloads().iter();
            let meant = workloads.filter(|workload| {
                is_meant(&workload.metadata) && is_kind(&session.catalog, workload, word)
            });
            // Static Pods, and workloads without a template, have no ServiceAccount.
            let subjects =
                meant.flat_map(|workload| service_accounts_of(workload).unwrap_or_default());
            (word.as_str(), subjects.collect())
        }
    };
    let text = format!("{word}/{pattern}{name}");
    if subjects.is_empty() {
        return Err(nothing_matches(session, options, kind, namespace, name, &text));
    }
    let count = subjects.len();
    match kind {
        SubjectWord::User | SubjectWord::Group => {
            let plural = if count == 1 { "" } else { "s" };
            ui.note(format!("`{text}` matches {count} {word}{plural} that bindings name"));
        }
        SubjectWord::ServiceAccount | SubjectWord::Workload(_) => {}
    }
    Ok(subjects)
}

/// Returns the matching users or groups of bindings, the only place where Kubernetes knows them.
pub(crate) fn named_by_bindings<'a>(
    inventory: &'a Inventory,
    kind: &SubjectKind,
    name: &Glob,
) -> BTreeSet<&'a str> {
    let subjects = inventory.bindings().iter().flat_map(|binding| &*binding.subjects);
    subjects
        .filter(|subject| subject.kind == *kind && name.matches(&subject.name))
        .map(|subject| &*subject.name)
        .collect()
}

/// Returns whether objects of a kind can be, or name, subjects of another.
fn is_kind_of(objects: &ObjectKind, subjects: &SubjectWord) -> bool {
    match subjects {
        SubjectWord::ServiceAccount => *objects == ObjectKind::ServiceAccount,
        SubjectWord::User | SubjectWord::Group => {
            matches!(objects, ObjectKind::ClusterRoleBinding | ObjectKind::RoleBinding)
        }
        SubjectWord::Workload(_) => matches!(objects, ObjectKind::Other(_)),
    }
}

/// Returns the error for a pattern without a match.
fn nothing_matches(
    session: &Session,
    options: &Options,
    kind: &SubjectWord,
    namespace: Option<&Glob>,
    name: &Glob,
    text: &str,
) -> CommandError {
    if let SubjectWord::Workload(word) = kind
        && let Some(error) = unknown_kind(session, word, &name.to_string())
    {
        return error;
    }
    let namespaces = session.namespaces(options);
    let may_hide = |gap: &&Gap| {
        let hides = |namespace: &str| match kind {
            SubjectWord::ServiceAccount => gap.may_hide_service_account(namespace),
            SubjectWord::User | SubjectWord::Group => gap.may_hide_binding(namespace),
            SubjectWord::Workload(_) => gap.may_hide_workload(namespace),
        };
        match namespace.map(Glob::as_name) {
            Some(Some(name)) => hides(name),
            None if !options.namespace.all_namespaces => namespaces.iter().any(|n| hides(n)),
            // In some namespace.
            Some(None) | None => match &gap.unread {
                Unread::Kind { kind: hidden, .. } | Unread::KindOutside { kind: hidden, .. } => {
                    is_kind_of(hidden, kind)
                }
                Unread::Anything | Unread::Object { .. } => true,
                Unread::Authorizer { .. } => false,
            },
        }
    };
    if let Some(gap) = session.authorizer.inventory().gaps().iter().find(may_hide) {
        let error = format!("nothing matches `{text}`, but not everything could be read: {gap}");
        let error = CommandError::cluster(error);
        return session.rights().into_iter().fold(error, CommandError::with_hint);
    }
    let what = match kind {
        SubjectWord::ServiceAccount => "no ServiceAccount",
        SubjectWord::User => "no user in a binding",
        SubjectWord::Group => "no group in a binding",
        SubjectWord::Workload(_) => "nothing",
    };
    let everywhere = options.namespace.all_namespaces
        || namespace.is_some()
        || matches!(kind, SubjectWord::User | SubjectWord::Group);
    let hint = Hint::pass("-A", "search all namespaces");
    CommandError::input(format!("{what} matches `{text}`")).with_hint((!everywhere).then_some(hint))
}
