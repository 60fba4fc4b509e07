//! `doctor` as it runs in a Pod, with a token directory and a server that accepts or rejects the
//! token.

use serde_json::json;

use super::Scenario;
use super::credentials::expired;
use super::invocation::Ran;
use super::json::{items, text};
use super::world::{World, same};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "doctor",
        claim: "doctor distinguishes valid tokens from expired, orphaned, missing ones and those without access",
        run: doctor,
        since: 20,
    },
    Scenario {
        name: "doctor-proxy",
        claim: "behind a proxy doctor reports that the identity is not the Pod's, and does not guess it",
        run: proxy,
        since: 20,
    },
];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: doctor}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: doctor}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: doctor}
spec: {serviceAccountName: app, containers: [{name: web, image: example.com/web}]}
---
apiVersion: v1
kind: Pod
metadata: {name: gone, namespace: doctor}
spec: {serviceAccountName: app, containers: [{name: web, image: example.com/web}]}
"#;

fn doctor(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let orphaned = token_of_pod(world, "gone")?;
    world.kubectl("delete pod gone -n doctor --force --grace-period=0").run()?.exits(0)?;
    let rows = [
        ("bound", Some(token_of_pod(world, "web")?), "ok"),
        ("expired", Some(expired(world, "doctor", "app")?), "failed"),
        ("orphaned", Some(orphaned), "failed"),
        ("foreign", Some("no-token-of-this-server".to_owned()), "failed"),
        ("missing", None, "failed"),
    ];
    for (name, token, identity) in rows {
        let ran = examine(world, name, token.as_deref())?;
        same(
            &format!("the identity of a token that is {name}"),
            &status(&ran, "identity")?,
            &identity.to_owned(),
        )?;
        let file = if token.is_some() { "ok" } else { "failed" };
        same(
            &format!("the file of a token that is {name}"),
            &status(&ran, "token file")?,
            &file.to_owned(),
        )?;
        // There is no DNS here, so a step always fails.
        ran.exits(1)?;
    }
    let ran = examine(world, "bound", Some(&token_of_pod(world, "web")?))?;
    for step in [
        "CA file",
        "namespace file",
        "environment",
        "token",
        "connection",
        "version",
        "bound objects",
    ] {
        same(step, &status(&ran, step)?, &"ok".to_owned())?;
    }
    Ok(())
}

/// Requests a token bound to a Pod, like a kubelet.
fn token_of_pod(world: &World, pod: &str) -> Result<String> {
    let object = world.api.get(&format!("/api/v1/namespaces/doctor/pods/{pod}"))?;
    let uid = text(&object, "/metadata/uid");
    let bound = json!({"apiVersion": "v1", "kind": "Pod", "name": pod, "uid": uid});
    world.token("doctor", "app", &json!({"boundObjectRef": bound}))
}

/// Runs doctor on a directory like the one that kubelets mount.
fn examine(world: &World, name: &str, token: Option<&str>) -> Result<Ran> {
    let folder = world.scratch(&format!("serviceaccount-{name}"));
    files::make_dir(&folder)?;
    files::write(&folder.join("ca.crt"), &files::read(&world.authority())?)?;
    files::write(&folder.join("namespace"), "doctor")?;
    if let Some(token) = token {
        world.keep_secret(name, token);
        files::write(&folder.join("token"), token)?;
    }
    world
        .rolecall(&format!("doctor -o json -vv --serviceaccount-dir {}", folder.display()))
        .env("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        .env("KUBERNETES_SERVICE_PORT", &world.port().to_string())
        .run()
}

fn status(ran: &Ran, name: &str) -> Result<String> {
    let diagnosis = ran.json()?;
    let step = items(&diagnosis, "/steps").find(|step| text(step, "/name") == name);
    let status = step.map(|step| text(step, "/status").to_owned());
    status.ok_or_else(|| ran.wrong(format!("has no step `{name}`")))
}

fn proxy(world: &World) -> Result<()> {
    let line = format!("doctor -o json --server {}", world.api.url());
    let ran = world.rolecall(&line).run()?;
    same("connection", &status(&ran, "connection")?, &"ok".to_owned())?;
    // A server that reviews its caller reports the proxy's identity; other servers do not.
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let is_reported = world.api.request("POST", path, &[], Some(&review))?.code == 201;
    let ran = ran.exits(if is_reported { 0 } else { 3 })?;
    let identity = if is_reported { "ok" } else { "unknown" };
    same("identity", &status(&ran, "identity")?, &identity.to_owned())?;
    same("rights", &status(&ran, "rights")?, &"ok".to_owned())?;
    if ran.json()?.to_string().contains("system:anonymous") {
        return Err(Failure::new("doctor takes the admin behind a proxy for system:anonymous"));
    }
    Ok(())
}
