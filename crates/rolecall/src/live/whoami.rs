//! The caller's identity according to the server.

use rolecall_source::cluster::{Cluster, Credential, IdentitySource, WhoAmI};

use crate::error::{CommandError, Hint};
use crate::ui::Ui;

/// Returns the caller's identity, and notes its origin if it is not the server.
pub(crate) fn known(
    ui: &Ui,
    cluster: &Cluster,
    who: Option<WhoAmI>,
) -> Result<WhoAmI, CommandError> {
    let Some(who) = who else {
        let error = "the identity is unknown: neither the server nor the credentials show it";
        return Err(CommandError::cluster(error)
            .with_hint(Hint::pass("--for user/NAME --as-group GROUP", "name the subject")));
    };
    if *who.identity.user == *"system:anonymous" && cluster.impersonated().is_none() {
        warn_anonymous(ui, &cluster.credential());
        return Ok(who);
    }
    match who.source {
        IdentitySource::Server => {}
        IdentitySource::Credential => {
            let how = match cluster.impersonated() {
                Some(_) => "user and groups are those of the impersonation",
                None => "user and groups are those in the credentials",
            };
            ui.note(format!("this server does not report identities: {how}"));
        }
        IdentitySource::Refusal => ui.warn(
            "this server does not report identities: the user is from an error message, and groups \
             other than the usual ones are unknown",
        ),
    }
    Ok(who)
}

/// Warns that the server treats the caller as anonymous, with the reason.
fn warn_anonymous(ui: &Ui, credential: &Credential) {
    let because = match credential {
        Credential::Nothing => "no credentials were sent",
        Credential::Password { .. } => "Kubernetes has ignored passwords since v1.19",
        Credential::Token(_) | Credential::Certificate(_) => {
            "the credentials did not arrive; a proxy might drop them"
        }
    };
    ui.warn(format!("the server treats you as an anonymous user: {because}"));
    ui.suggest(Hint::edit(
        "the kubeconfig",
        "add a token, a client certificate or a credential plugin to the user of the context",
    ));
}
