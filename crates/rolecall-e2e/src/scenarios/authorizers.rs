//! Authorizers other than RBAC: their decisions apply regardless of roles and bindings.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

use super::Scenario;
use super::callers::verdict_of;
use super::json::text;
use super::world::World;
use crate::api::is_allowed;
use crate::apiserver::Authorization;
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "authorizer-abac",
        claim: "access that ABAC allows is not denied for lack of a role",
        run: abac,
        since: 20,
    },
    Scenario {
        name: "authorizer-webhook",
        claim: "decisions of a webhook before RBAC are final",
        run: webhook,
        since: 32,
    },
];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: hooked}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: secrets, namespace: hooked}
rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: secrets, namespace: hooked}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: secrets}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: hook-denied}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: plain}
"#;

/// The users: allowed by another authorizer, denied by one, and left to RBAC.
const USERS: [&str; 4] = ["abac-allowed", "hook-allowed", "hook-denied", "plain"];

fn abac(world: &World) -> Result<()> {
    let policy = json!({
        "apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy",
        "spec": {"user": "abac-allowed", "namespace": "*", "resource": "*", "apiGroup": "*"},
    });
    world.write("policy.jsonl", &policy.to_string())?;
    hold(&world.another(Authorization::Mode {
        mode: "Node,ABAC,RBAC".to_owned(),
        abac_policy: Some(world.scratch("policy.jsonl")),
    })?)
}

fn webhook(world: &World) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .map_err(|error| Failure::new(format!("cannot listen on 127.0.0.1: {error}")))?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::new(format!("a listener has no address: {error}")))?;
    // The thread ends with the program.
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(review(stream))));
    let kubeconfig = world.write(
        "hook.kubeconfig",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: hook\n\
             clusters: [{{name: hook, cluster: {{server: \"http://{address}\"}}}}]\n\
             contexts: [{{name: hook, context: {{cluster: hook, user: \"\"}}}}]\n"
        ),
    )?;
    let hook = json!({
        "timeout": "2s", "subjectAccessReviewVersion": "v1",
        "matchConditionSubjectAccessReviewVersion": "v1", "failurePolicy": "NoOpinion",
        "authorizedTTL": "1s", "unauthorizedTTL": "1s",
        "connectionInfo": {"type": "KubeConfigFile", "kubeConfigFile": kubeconfig},
    });
    let config = json!({
        "apiVersion": "apiserver.config.k8s.io/v1", "kind": "AuthorizationConfiguration",
        "authorizers": [
            {"type": "Webhook", "name": "hook", "webhook": hook},
            {"type": "Node", "name": "node"}, {"type": "RBAC", "name": "rbac"},
        ],
    });
    world.write("authorization.json", &config.to_string())?;
    hold(&world.another(Authorization::Config(world.scratch("authorization.json")))?)
}

/// Answers one review according to the webhook's policy.
fn review(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line)? > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
    }
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let status = match text(&asked, "/spec/user") {
        "hook-allowed" => json!({"allowed": true}),
        "hook-denied" => json!({"allowed": false, "denied": true, "reason": "not by this hook"}),
        _ => json!({"allowed": false}),
    };
    let answer = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "status": status,
    })
    .to_string();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{answer}",
        answer.len()
    )
}

/// Asks about each user with every command that returns a verdict.
fn hold(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    for user in USERS {
        for (verb, resource) in [("list", "secrets"), ("list", "pods")] {
            let spec = json!({"user": user, "groups": ["system:authenticated"], "resourceAttributes": {
                "namespace": "hooked", "verb": verb, "resource": resource,
            }});
            let status = world.api.review(&spec)?;
            let expected = verdict_of(is_allowed(&status));
            let question = format!("{verb} {resource} -n hooked");
            let rows = [
                format!("can-i {question} --for user/{user}"),
                format!("can-i {question} --for user/{user} --mode live"),
                format!("can-i {question} --as {user}"),
                format!("why {question} --for user/{user}"),
            ];
            for line in rows {
                let ran = world.rolecall(&format!("{line} -o json")).run()?;
                let answer = ran.json()?;
                let verdict = text(&answer, "/cell/verdict").to_owned();
                if verdict != "unknown" && verdict != expected {
                    return Err(ran.wrong(format!("contradicts the server: {spec} gives {status}")));
                }
            }
        }
    }
    Ok(())
}
