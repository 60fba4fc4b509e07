//! The one wrong word whose correction allows a denied request.

use rolecall_grant::{Denied, Effort, Risky};

use crate::commands::fix::repair::locate;
use crate::load::Session;
use crate::ui::Ui;

/// How much is tried: a hint is worth less than a correction.
const EFFORT: Effort = Effort { denials: 3, corrections: 6 };

/// Says which words are wrong, as `fix` does, and returns whether any is.
pub(super) fn note(ui: &Ui, session: &Session, denied: &[Denied]) -> bool {
    let (authorizer, catalog) = (&session.authorizer, &session.catalog);
    let repairs = rolecall_grant::repair(authorizer, denied, catalog, Risky::Refused, EFFORT);
    for located in locate(&repairs.repairs) {
        ui.note(format!("nearer: {}", located.in_words()));
    }
    !repairs.repairs.is_empty()
}
