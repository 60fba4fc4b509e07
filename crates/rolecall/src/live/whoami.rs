//! Who the server takes the caller for.

use rolecall_source::cluster::{Cluster, Credential, IdentitySource, WhoAmI};

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
    if *who.identity.user == *"system:anonymous" && cluster.impersonated().is_none() {
        say_anonymous(ui, &cluster.credential());
        return Ok(who);
    }
    match who.source {
        IdentitySource::Server => {}
        IdentitySource::Credential => {
            let how = match cluster.impersonated() {
                Some(_) => "user and groups are as they are asked to be impersonated",
                None => "user and groups are those that the credentials name",
            };
            ui.note(format!("this server does not tell who the caller is: {how}"));
        }
        IdentitySource::Refusal => ui.warn(
            "this server does not tell who the caller is: the user's name is from a refusal, and \
             groups other than the usual ones are not known",
        ),
    }
    Ok(who)
}

/// Says why a server takes a caller for an anonymous one.
fn say_anonymous(ui: &Ui, credential: &Credential) {
    let because = match credential {
        Credential::Nothing => "no credentials were sent",
        Credential::Password { .. } => "Kubernetes has ignored passwords since v1.19",
        Credential::Token(_) | Credential::Certificate(_) => {
            "the credentials did not arrive; a proxy on the way may drop them"
        }
    };
    ui.warn(format!("the server takes you for an anonymous caller: {because}"));
    ui.suggest(Hint::edit(
        "the kubeconfig",
        "give the context a user with a token, a client certificate or a credential plugin",
    ));
}
