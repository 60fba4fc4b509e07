//! Credentials that a server rejects, as opposed to valid ones without access.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::json::text;
use super::world::{World, same};
use super::{Scenario, jwt};
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "tokens",
    claim: "wrong, expired and orphaned tokens are distinguished from tokens without access, and never printed",
    run: tokens,
    since: 20,
}];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: credentials}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: valid, namespace: credentials}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: gone, namespace: credentials}
"#;

/// Commands that contact the server in different ways.
const COMMANDS: [&str; 4] = [
    "walk -n credentials",
    "can-i list pods -n credentials",
    "can-i list pods -n credentials --mode live",
    "whoami",
];

fn tokens(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let valid = world.token("credentials", "valid", &json!({}))?;
    let orphaned = world.token("credentials", "gone", &json!({}))?;
    world.api.delete("/api/v1/namespaces/credentials/serviceaccounts/gone")?;
    let refused = [
        ("wrong-token", "no-token-of-this-server".to_owned()),
        ("expired-token", expired(world, "credentials", "valid")?),
        ("orphaned-token", orphaned),
    ];
    for (name, token) in &refused {
        let kubeconfig = world.bearer(name, token)?;
        for line in COMMANDS {
            world
                .rolecall(line)
                .by(&kubeconfig)
                .run()?
                .exits(2)?
                .prints("")?
                .notes("does not accept the credentials")?;
        }
    }

    let kubeconfig = world.bearer("valid-token", &valid)?;
    let asked = |line: &str| world.rolecall(line).by(&kubeconfig).run();
    let user = "system:serviceaccount:credentials:valid";
    asked("walk -n credentials")?.exits(3)?.notes(&format!("User \"{user}\" cannot list"))?;
    asked("can-i list pods -n credentials --mode live")?.exits(1)?;
    let whoami = asked("whoami -o json")?.exits(0)?.json()?;
    same("user", &text(&whoami, "/user"), &user)?;
    // All log output is searched for secrets.
    for line in COMMANDS {
        asked(&format!("{line} -vvv"))?;
    }
    Ok(())
}

/// Creates a ServiceAccount token that expired an hour ago.
pub(super) fn expired(world: &World, namespace: &str, name: &str) -> Result<String> {
    let account =
        world.api.get(&format!("/api/v1/namespaces/{namespace}/serviceaccounts/{name}"))?;
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| Failure::new(format!("the clock is wrong: {error}")))?
        .as_secs();
    let claims = claims(namespace, name, text(&account, "/metadata/uid"), now - 3600);
    jwt::sign(&world.signing_key(), &claims)
}

fn claims(namespace: &str, name: &str, uid: &str, expires: u64) -> Value {
    let issuer = "https://kubernetes.default.svc";
    json!({
        "iss": issuer,
        "aud": [issuer],
        "sub": format!("system:serviceaccount:{namespace}:{name}"),
        "iat": expires - 3600,
        "nbf": expires - 3600,
        "exp": expires,
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": uid}},
    })
}
