//! Subjects that no request comes from, such as a user with the name of a group.

use std::collections::BTreeMap;

use rolecall_check::{DeadGrant, dead_subject};
use rolecall_grant::subject_of;
use rolecall_rbac::{Identity, Subject};

use super::label;
use crate::ui::Ui;

/// The maximum number of such subjects to warn of.
const MOST: usize = 5;

/// Returns why no request comes from an identity; `None` if some can.
pub(crate) fn dead(identity: &Identity) -> Option<DeadGrant> {
    dead_subject(&subject_of(identity)?)
}

/// Returns a note about a subject that no request comes from.
pub(crate) fn dead_note(subject: &Subject) -> Option<&'static str> {
    dead_subject(subject).map(|_| "matches nobody")
}

/// Warns of identities that no request comes from. Their grants are correct, but useless.
pub(crate) fn warn_of_dead<'i>(ui: &Ui, identities: impl IntoIterator<Item = &'i Identity>) {
    let warnings = identities.into_iter().filter_map(|identity| {
        let DeadGrant { message, fix } = dead(identity)?;
        let who = label(identity);
        Some((who.clone(), format!("{who} matches nobody: {message}; {fix}")))
    });
    let warnings: BTreeMap<String, String> = warnings.collect();
    for warning in warnings.values().take(MOST) {
        ui.warn(warning);
    }
    if let Some(more) = warnings.len().checked_sub(MOST).filter(|more| *more > 0) {
        let plural = if more == 1 { "" } else { "s" };
        ui.warn(format!("{more} more subject{plural} that match nobody"));
    }
}
