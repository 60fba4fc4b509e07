//! Who the server takes the caller for.

use rolecall_source::cluster::{Cluster, Credential, ToldBy, WhoAmI};

use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// Returns who the caller is, and says how sure that is.
pub(crate) fn known(
    ui: &Ui,
    cluster: &Cluster,
    who: Option<WhoAmI>,
) -> Result<WhoAmI, CommandError> {
    let Some(who) = who else {
        let error =
            "this server does not tell who the caller is, and the credentials do not either";
        return Err(CommandError::cluster(error)
            .with_hint(Hint::pass("--for user/NAME --as-group GROUP", "say who asks")));
    };
    match who.told_by {
        ToldBy::Server => {}
        ToldBy::Credential => {
            let how = match (cluster.impersonated(), cluster.credential()) {
                (Some(_), _) => "user and groups are as they are asked to be impersonated",
                (None, Credential::Nothing) => "it is nobody in particular without credentials",
                (None, _) => "user and groups are those that the credentials name",
            };
            ui.note(format!("this server does not tell who the caller is: {how}"));
        }
        ToldBy::Refusal => ui.warn(
            "this server does not tell who the caller is: the user's name is from a refusal, and \
             groups other than the usual ones are not known",
        ),
    }
    Ok(who)
}
