//! The subjects from which paths start.

use std::collections::BTreeSet;
use std::sync::Arc;

use rolecall_paths::{Start, Subject, all_starts};
use rolecall_rbac::SubjectKind;

use crate::cli::Options;
use crate::error::CommandError;
use crate::load::{Breadth, Needs, Session};
use crate::subject::SubjectArgument;
use crate::ui::Ui;
use crate::words;

/// Returns the objects that a search for paths reads, and those that its subjects refer to.
pub(crate) fn needs(subjects: &[SubjectArgument]) -> Needs {
    let of_subjects = SubjectArgument::needs(subjects);
    Needs {
        service_accounts: true,
        namespaces: true,
        workloads: true,
        names: true,
        breadth: Breadth::All,
        unplaced: of_subjects.unplaced,
        further_namespaces: of_subjects.further_namespaces,
        ..Needs::default()
    }
}

/// Returns all subjects, without built-in ones unless they are wanted.
pub(crate) fn all(session: &Session, include_system: bool) -> Vec<Start> {
    let mut starts = all_starts(&session.authorizer);
    if !include_system {
        let controllers = controllers(session);
        starts.retain(|start| !is_system(start, &controllers));
    }
    starts
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
    const EVERYBODY: [&str; 3] =
        ["system:authenticated", "system:unauthenticated", "system:anonymous"];
    if let Some(account) = start.identity.as_service_account() {
        return account.namespace == "kube-system" && controllers.contains(account.name);
    }
    let name = match &start.subject {
        Subject::Group(name) | Subject::User(name) => name,
        _ => return false,
    };
    name.starts_with("system:")
        && !name.starts_with("system:serviceaccount")
        && !EVERYBODY.contains(&&**name)
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
