//! Notes and warnings about a list of holders.

use std::collections::BTreeSet;

use rolecall_rbac::{Holder, Identity, NamespaceSelection, Request, SubjectKind, WhoCan};

use crate::load::Session;
use crate::ui::Ui;
use crate::unread_holders::Confirmed;
use crate::words::MissingFrom;
use crate::{output, subject, words};

/// Prints notes and warnings about the list.
pub(super) fn report(
    ui: &Ui,
    session: &Session,
    (requests, selection): (&[Request], &NamespaceSelection),
    answer: &WhoCan<'_>,
    confirmed: &[Confirmed],
) {
    if answer.holders.is_empty() && confirmed.is_empty() {
        for request in requests {
            let anywhere = match selection {
                NamespaceSelection::Each => ", nor in any one namespace",
                NamespaceSelection::OfRequest => "",
            };
            let asked = words::request(request);
            ui.note(format!("no subject found can {asked}{anywhere}"));
        }
    }
    let masters = |holder: &Holder<'_>| *holder.grant.subject.name == *"system:masters";
    if !answer.holders.iter().any(masters) {
        ui.note("group system:masters can do anything, regardless of roles and bindings");
    }
    if requests.iter().any(|request| session.authorizer.rule_of_nodes(request).is_some()) {
        ui.note("nodes can, too, for their own Pods: the Node authorizer decides for group system:nodes");
    }
    let missing: BTreeSet<String> = answer
        .holders
        .iter()
        .filter_map(|holder| output::missing_account(session, holder))
        .map(|(namespace, name)| format!("sa/{namespace}:{name}"))
        .collect();
    let missing: Vec<String> = missing.into_iter().collect();
    match &*missing {
        [] => {}
        [one] => ui.warn(format!("{one} {}", words::absence(session.missing_from()))),
        several => {
            let absent = match session.missing_from() {
                MissingFrom::Cluster => "do not exist",
                MissingFrom::Input => "are not in the input",
            };
            ui.warn(format!("these ServiceAccounts {absent}: {}", several.join(", ")));
        }
    }
    let subjects = answer.holders.iter().map(|holder| holder.grant.subject);
    let named = subjects.filter_map(|subject| match subject.kind {
        SubjectKind::User => Some(Identity::user(&subject.name)),
        SubjectKind::Group => Some(Identity::group(&subject.name)),
        SubjectKind::ServiceAccount | SubjectKind::Other(_) => None,
    });
    subject::warn_of_dead(ui, &named.collect::<Vec<Identity>>());
    for problem in &answer.problems {
        ui.warn(words::problem(problem));
    }
    for gap in words::gaps(&answer.gaps) {
        ui.warn(format!("there might be more subjects; could not read: {gap}"));
    }
}
