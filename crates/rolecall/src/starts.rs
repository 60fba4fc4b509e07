//! The subjects from which paths start.

use std::collections::BTreeSet;
use std::sync::Arc;

use rolecall_paths::{Start, Subject, all_starts};
use rolecall_rbac::{Identity, SubjectKind};

use crate::built_in::is_own_name;
use crate::cli::{Options, quote};
use crate::error::{CommandError, Hint};
use crate::load::{Breadth, Names, Needs, Session};
use crate::place::DEFAULT;
use crate::subject::SubjectArgument;
use crate::ui::Ui;
use crate::words::{self, MissingFrom};

/// Returns the objects that a search for paths reads, and those that its subjects refer to.
pub(crate) fn needs(subjects: &[SubjectArgument]) -> Needs {
    let of_subjects = SubjectArgument::needs(subjects);
    Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        names: Names::All,
        breadth: Breadth::All,
        unplaced: of_subjects.unplaced,
        further_namespaces: of_subjects.further_namespaces,
        ..Needs::default()
    }
}

/// Returns all subjects, without built-in ones unless they are wanted.
pub(crate) fn all(session: &Session, include_system: bool) -> Vec<Start> {
    among(all_starts(&session.authorizer), session, include_system)
}

/// Leaves out built-in subjects unless they are wanted.
pub(crate) fn among(mut starts: Vec<Start>, session: &Session, include_system: bool) -> Vec<Start> {
    if !include_system {
        let controllers = controllers(session);
        starts.retain(|start| !is_system(start, &controllers));
    }
    starts
}

/// Notes on stderr that bindings name ServiceAccounts that were not found.
pub(crate) fn note_missing(ui: &Ui, session: &Session, missing: &[Subject]) {
    let Some(first) = missing.first() else { return };
    let is_cluster = session.missing_from() == MissingFrom::Cluster;
    let (are, those) = match (is_cluster, missing.len()) {
        (true, 1) => ("does not exist", "it"),
        (true, _) => ("do not exist", "them"),
        (false, 1) => ("is not in the input", "it"),
        (false, _) => ("are not in the input", "them"),
    };
    ui.note(format!(
        "{} that bindings name {are}, such as {first}: no path starts from {those}",
        words::count(missing.len(), "ServiceAccount"),
    ));
    if is_cluster {
        return;
    }
    // Manifests without namespaces are in `default` until they are applied.
    let inventory = session.authorizer.inventory();
    let misplaced = missing.iter().find_map(|subject| match subject {
        Subject::ServiceAccount { namespace, name } => {
            inventory.service_account(DEFAULT, name).map(|_| namespace)
        }
        _ => None,
    });
    ui.suggest(match misplaced {
        Some(namespace) => {
            Hint::pass(format!("-n {namespace}"), "read objects without a namespace there")
        }
        None => Hint::pass(format!("--from {}", quote(&first.to_string())), "start from it anyway"),
    });
}

/// Returns the ServiceAccounts that bindings name but that manifests do not contain: other software might
/// create them. In a whole cluster, nothing can act as a missing ServiceAccount.
pub(crate) fn absent(session: &Session) -> Vec<Start> {
    if session.missing_from() == MissingFrom::Cluster {
        return Vec::new();
    }
    let inventory = session.authorizer.inventory();
    let bindings = inventory.bindings().iter().filter(|binding| !words::is_built_in(binding));
    let named = bindings.flat_map(|binding| {
        let identity = |subject| Identity::of_subject(subject, &binding.metadata);
        binding.subjects.iter().filter_map(identity)
    });
    let absent: BTreeSet<Start> = named
        .filter(|identity| {
            let account = identity.as_service_account();
            account.is_some_and(|it| inventory.service_account(it.namespace, it.name).is_none())
        })
        .map(|identity| Start { subject: Subject::of(&identity), identity: Arc::new(identity) })
        .collect();
    absent.into_iter().collect()
}

/// Returns the ServiceAccounts of kube-system that built-in bindings name.
fn controllers(session: &Session) -> BTreeSet<String> {
    let bindings = session.authorizer.inventory().bindings().iter();
    let subjects = bindings
        .filter(|binding| words::is_built_in(binding))
        .flat_map(|binding| binding.subjects.iter());
    subjects
        .filter(|subject| {
            subject.kind == SubjectKind::ServiceAccount && *subject.namespace == *"kube-system"
        })
        .map(|subject| subject.name.to_string())
        .collect()
}

/// Returns whether servers start with a subject, or with a Pod's ServiceAccount.
fn is_system(start: &Start, controllers: &BTreeSet<String>) -> bool {
    if let Some(account) = start.identity.as_service_account() {
        return account.namespace == "kube-system" && controllers.contains(account.name);
    }
    let name = match &start.subject {
        Subject::Group(name) | Subject::User(name) => name,
        _ => return false,
    };
    is_own_name(name)
}

/// Returns the subjects of the arguments.
pub(crate) fn named(
    ui: &Ui,
    session: &Session,
    options: &Options,
    arguments: &[SubjectArgument],
) -> Result<Vec<Start>, CommandError> {
    let running: BTreeSet<Start> = all_starts(&session.authorizer)
        .into_iter()
        .filter(|start| start.subject.is_running())
        .collect();
    let mut starts = Vec::new();
    for found in SubjectArgument::resolve_all(arguments, ui, session, options)? {
        let subject = match &found.workload {
            None => Subject::of(&found.identity),
            Some(workload) => {
                let (namespace, name) = (&*workload.namespace, &*workload.name);
                match &*workload.kind {
                    "Pod" => Subject::Pod { namespace: namespace.into(), name: name.into() },
                    kind => Subject::Workload {
                        kind: kind.to_lowercase().into(),
                        namespace: namespace.into(),
                        name: name.into(),
                    },
                }
            }
        };
        let start = Start { subject, identity: Arc::new(found.identity) };
        let is_pod = matches!(start.subject, Subject::Pod { .. });
        if is_pod && !running.contains(&start) {
            ui.warn(format!(
                "{} has no token: the paths are those of its ServiceAccount",
                start.subject
            ));
        }
        starts.push(start);
    }
    Ok(starts)
}
