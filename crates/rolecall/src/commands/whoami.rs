use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use rolecall_source::cluster::{
    BoundObject, Cluster, Credential, IdentitySource, TokenClaims, WhoAmI,
};
use serde::Serialize;

use crate::cli::Options;
use crate::error::{CommandError, Hint};
use crate::exit::Exit;
use crate::live::{Live, whoami};
use crate::output::{self, CredentialDetails, Format};
use crate::render::{Cell, Table};
use crate::time;
use crate::ui::Ui;

/// Show your identity as the server sees it, and the contents of your token or certificate
#[derive(Debug, Args)]
#[command(after_help = include_str!("../help/whoami.txt"))]
pub(crate) struct Arguments {
    /// Output format; docs/json.md describes json and yaml
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// The machine-readable answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", tag = "kind", rename = "WhoAmI")]
struct WhoAmIDetails<'a> {
    user: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    groups: Vec<&'a str>,
    extra: BTreeMap<&'a str, Vec<&'a str>>,
    #[serde(rename = "toldBy")]
    source: &'static str,
    server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'a str>,
    namespace: &'a str,
    credential: CredentialDetails<'a>,
}

/// Asks the server.
pub(crate) fn run(ui: &Ui, options: &Options, arguments: &Arguments) -> Result<Exit, CommandError> {
    if !options.source.filename.is_empty() && !options.source.overlay {
        return Err(CommandError::usage("manifests do not contain your identity")
            .with_hint(Hint::run("rolecall whoami", "ask the cluster")));
    }
    let live = Live::connect(ui, &options.cluster)?;
    let cluster = live.cluster();
    let who = live.wait(ui, || "requesting the identity".to_owned(), cluster.who_am_i())?;
    let who = whoami::known(ui, cluster, who)?;
    let credential = cluster.credential();
    let mut out = ui.stdout();
    match arguments.output {
        Format::Json | Format::Yaml => {
            let details = WhoAmIDetails::new(cluster, &who, &credential);
            output::write_versioned(&mut out, arguments.output, &details)?;
        }
        Format::Table | Format::Wide => {
            table(cluster, &who, &credential).write(&mut out, ui.layout())?;
        }
    }
    out.flush()?;
    Ok(Exit::Yes)
}

impl<'a> WhoAmIDetails<'a> {
    fn new(cluster: &'a Cluster, who: &'a WhoAmI, credential: &'a Credential) -> Self {
        let identity = &who.identity;
        Self {
            user: &identity.user,
            uid: &identity.uid,
            groups: identity.groups.iter().map(|group| &**group).collect(),
            extra: identity
                .extra
                .iter()
                .map(|(key, values)| (&**key, values.iter().map(|value| &**value).collect()))
                .collect(),
            source: match who.source {
                IdentitySource::Server => "server",
                IdentitySource::Credential => "credential",
                IdentitySource::Refusal => "refusal",
            },
            server: cluster.server(),
            context: cluster.context(),
            namespace: cluster.namespace(),
            credential: CredentialDetails::new(credential),
        }
    }
}

fn table(cluster: &Cluster, who: &WhoAmI, credential: &Credential) -> Table {
    let mut table = Table::new(["ATTRIBUTE", "VALUE"]);
    let mut row = |attribute: &str, value: &str| {
        if !value.is_empty() {
            table.row([Cell::new(attribute), Cell::new(value)]);
        }
    };
    let identity = &who.identity;
    row("user", &identity.user);
    row("uid", &identity.uid);
    row("groups", &identity.groups.join(", "));
    for (key, values) in &identity.extra {
        row(&format!("extra {key}"), &values.join(", "));
    }
    row("server", cluster.server());
    row("context", cluster.context().unwrap_or_default());
    row("namespace", cluster.namespace());
    for (attribute, value) in credential_rows(credential, time::now()) {
        row(attribute, &value);
    }
    table
}

/// Returns the rows for the metadata of a credential.
fn credential_rows(credential: &Credential, now: time::Seconds) -> Vec<(&'static str, String)> {
    match credential {
        Credential::Nothing => vec![("credential", "none".to_owned())],
        Credential::Password { user } => vec![("credential", format!("password of {user}"))],
        Credential::Token(None) => {
            vec![("credential", "token that only the server can read".to_owned())]
        }
        Credential::Token(Some(claims)) => claim_rows(claims, now),
        Credential::Certificate(None) => {
            vec![("credential", "client certificate that cannot be read".to_owned())]
        }
        Credential::Certificate(Some(subject)) => vec![
            ("credential", "client certificate".to_owned()),
            ("certificate user", subject.common_name.clone()),
            ("certificate groups", subject.organizations.join(", ")),
            ("certificate expires", time::from(now, subject.not_after)),
        ],
    }
}

fn claim_rows(claims: &TokenClaims, now: time::Seconds) -> Vec<(&'static str, String)> {
    let name = |object: &Option<BoundObject>| {
        object.as_ref().map_or_else(String::new, |object| object.name.clone())
    };
    let expires = claims.expires.map_or("never".to_owned(), |time| time::from(now, time));
    let kind = if claims.is_legacy { "token from a Secret" } else { "token" };
    let account = match &claims.service_account {
        Some(account) => format!("{}/{}", claims.namespace, account.name),
        None => String::new(),
    };
    let rows = [
        ("credential", kind.to_owned()),
        ("token issuer", claims.issuer.clone()),
        ("token subject", claims.subject.clone()),
        ("token audience", claims.audience.join(", ")),
        ("token expires", expires),
        ("token ServiceAccount", account),
        ("token bound to Pod", name(&claims.pod)),
        ("token bound to Secret", name(&claims.secret)),
        ("token on Node", name(&claims.node)),
    ];
    rows.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_described_by_its_claims() {
        let claims = TokenClaims {
            issuer: "https://issuer".to_owned(),
            subject: "system:serviceaccount:shop:web".to_owned(),
            namespace: "shop".to_owned(),
            expires: Some(3_600),
            service_account: Some(BoundObject { name: "web".to_owned(), uid: "1".to_owned() }),
            pod: Some(BoundObject { name: "web-0".to_owned(), uid: "2".to_owned() }),
            ..TokenClaims::default()
        };
        let rows = credential_rows(&Credential::Token(Some(Box::new(claims))), 0);
        let expected = [
            ("credential", "token"),
            ("token issuer", "https://issuer"),
            ("token subject", "system:serviceaccount:shop:web"),
            ("token expires", "1970-01-01T01:00:00Z (in 1 h)"),
            ("token ServiceAccount", "shop/web"),
            ("token bound to Pod", "web-0"),
        ];
        assert_eq!(rows, expected.map(|(attribute, value)| (attribute, value.to_owned())));
    }
}
