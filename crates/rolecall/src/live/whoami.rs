//! Who the server takes the caller for.

use rolecall_source::cluster::{ToldBy, WhoAmI};

use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// Returns who the caller is, and says how sure that is.
pub(crate) fn known(ui: &Ui, who: Option<WhoAmI>) -> Result<WhoAmI, CommandError> {
    let Some(who) = who else {
        let error =
            "this server does not tell who the caller is, and the credentials do not either";
        return Err(CommandError::cluster(error)
            .with_hint(Hint::pass("--for user/NAME --as-group GROUP", "say who asks")));
    };
    match who.told_by {
        ToldBy::Server => {}
        ToldBy::Credential => ui.note(
            "this server does not tell who the caller is: user and groups are those that the \
             credentials name",
        ),
        ToldBy::Refusal => ui.warn(
            "this server does not tell who the caller is: the user's name is from a refusal, and \
             groups other than the usual ones are not known",
        ),
    }
    Ok(who)
}
