//! Access reviews for known subjects, to supplement roles or bindings that could not be read.

use std::collections::BTreeSet;

use rolecall_rbac::{Identity, Request, VerdictKind};
use rolecall_review::Question;
use rolecall_review::live::Means;

use crate::error::CommandError;
use crate::live::{MOST_SUBJECTS, settle};
use crate::load::Session;
use crate::resolved::label;
use crate::ui::Ui;
use crate::words;

/// Asks the server about the subjects of readable bindings and ServiceAccounts that are not known to be
/// allowed, and notes each that is. Without permission to ask, it notes nothing.
pub(crate) fn note_allowed(
    ui: &Ui,
    session: &Session,
    requests: &[Request],
    known: &BTreeSet<String>,
) -> Result<(), CommandError> {
    let Some(live) = session.live() else { return Ok(()) };
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
    for (question, answer) in questions.iter().zip(&answers) {
        if answer.verdict == VerdictKind::Allowed {
            let (who, what) = (label(&question.identity), words::request(&question.request));
            ui.note(format!(
                "according to the server, {who} can {what}, through objects that could not be read"
            ));
        }
    }
    if left_out > 0 {
        ui.note(format!(
            "rolecall did not ask the server about {left_out} more subjects: the limit is {MOST_SUBJECTS}"
        ));
    }
    Ok(())
}

/// Returns the subjects of bindings that apply in a namespace, and its ServiceAccounts.
fn candidates(session: &Session, namespace: &str) -> BTreeSet<Identity> {
    let inventory = session.authorizer.inventory();
    let bindings = inventory.bindings().iter().filter(|binding| {
        let of = &*binding.metadata.namespace;
        !words::is_built_in(binding) && (of.is_empty() || of == namespace)
    });
    let named = bindings.flat_map(|binding| {
        let subjects = binding.subjects.iter();
        subjects.filter_map(|subject| Identity::of_subject(subject, &binding.metadata))
    });
    let accounts = inventory.service_accounts().iter().map(|account| &account.metadata);
    let here = accounts.filter(|metadata| *metadata.namespace == *namespace);
    named.chain(here.map(|it| Identity::service_account(&it.namespace, &it.name))).collect()
}
