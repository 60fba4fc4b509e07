//! Access reviews for known subjects, to supplement roles or bindings that could not be read.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_rbac::{Binding, Identity, Request, RoleKind, VerdictKind};
use rolecall_review::Question;
use rolecall_review::live::Means;
use serde::Serialize;

use crate::error::CommandError;
use crate::live::{MOST_SUBJECTS, settle};
use crate::load::Session;
use crate::resolved::label;
use crate::ui::Ui;
use crate::words;

/// The maximum number of bindings to name whose roles could not be read.
const MOST_BINDINGS: usize = 10;

/// A subject that the server allows to make a request, through objects that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Confirmed {
    /// The subject, in the notation of `--for`.
    pub(crate) subject: String,
    /// The namespace of the request; empty for the cluster scope.
    pub(crate) namespace: String,
}

/// Asks the server about the subjects of readable bindings and ServiceAccounts that are not known to be
/// allowed, and returns those that are. Without permission to ask, it notes the bindings that might allow it.
pub(crate) fn confirmed(
    ui: &Ui,
    session: &Session,
    requests: &[Request],
    known: &BTreeSet<String>,
) -> Result<Vec<Confirmed>, CommandError> {
    let Some(live) = session.live() else { return Ok(Vec::new()) };
    let mut questions = Vec::new();
    let mut left_out = 0;
    for request in requests {
        let candidates = candidates(session, request.namespace());
        let unknown: Vec<Identity> =
            candidates.into_iter().filter(|it| !known.contains(&label(it))).collect();
        left_out += unknown.len().saturating_sub(MOST_SUBJECTS);
        questions.extend(
            unknown
                .into_iter()
                .take(MOST_SUBJECTS)
                .map(|identity| Question { identity: identity.into(), request: request.clone() }),
        );
    }
    let answers = settle(ui, live, None, &questions, Means::Reviews)?.in_order(&questions);
    let mut confirmed = Vec::new();
    let mut open = BTreeMap::new();
    for (question, answer) in questions.iter().zip(&answers) {
        let subject = label(&question.identity);
        let namespace = question.request.namespace().to_owned();
        match answer.verdict {
            VerdictKind::Allowed => confirmed.push(Confirmed { subject, namespace }),
            VerdictKind::Unknown => {
                open.insert((namespace, subject), &question.request);
            }
            VerdictKind::NoOpinion | VerdictKind::Denied => {}
        }
    }
    if left_out > 0 {
        ui.note(format!(
            "rolecall did not ask the server about {left_out} more subjects: the limit is {MOST_SUBJECTS}"
        ));
    }
    note_possible(ui, session, &open);
    Ok(confirmed)
}

/// Notes the bindings of subjects, by namespace and name, that refer to roles that could not be read.
fn note_possible(ui: &Ui, session: &Session, open: &BTreeMap<(String, String), &Request>) {
    let mut notes = Vec::new();
    for ((namespace, subject), request) in open {
        for binding in applying(session, namespace).filter(|it| is_role_unread(session, it)) {
            if identities(binding).any(|identity| label(&identity) == *subject) {
                let (what, binding) = (words::request(request), words::binding(binding));
                notes.push(format!(
                    "{subject} might be able to {what}: {binding} refers to a role that could not be read"
                ));
            }
        }
    }
    let more = notes.len().saturating_sub(MOST_BINDINGS);
    notes.truncate(MOST_BINDINGS);
    notes.into_iter().for_each(|note| ui.note(note));
    if more > 0 {
        ui.note(format!("{more} more bindings refer to roles that could not be read"));
    }
}

/// Returns the subjects of bindings that apply in a namespace, and its ServiceAccounts.
fn candidates(session: &Session, namespace: &str) -> BTreeSet<Identity> {
    let inventory = session.authorizer.inventory();
    let named = applying(session, namespace).flat_map(identities);
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let here = accounts.filter(|metadata| *metadata.namespace == *namespace);
    named.chain(here.map(|it| Identity::service_account(&it.namespace, &it.name))).collect()
}

/// Returns the bindings that apply in a namespace, except built-in ones.
fn applying<'s>(session: &'s Session, namespace: &str) -> impl Iterator<Item = &'s Binding> {
    session.authorizer.inventory().bindings().iter().filter(move |binding| {
        let of = &*binding.metadata.namespace;
        !words::is_built_in(binding) && (of.is_empty() || of == namespace)
    })
}

fn identities(binding: &Binding) -> impl Iterator<Item = Identity> {
    let subjects = binding.subjects.iter();
    subjects.filter_map(|subject| Identity::of_subject(subject, &binding.metadata))
}

fn is_role_unread(session: &Session, binding: &Binding) -> bool {
    let inventory = session.authorizer.inventory();
    let namespace = match &binding.role_ref.kind {
        RoleKind::ClusterRole => "",
        _ => &*binding.metadata.namespace,
    };
    inventory.role(namespace, &binding.role_ref.name).is_none()
        && inventory.gaps().iter().any(|gap| gap.may_hide_role_of(binding))
}
