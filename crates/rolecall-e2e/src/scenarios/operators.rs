//! Callers with different access: the server never contradicts a definite answer that they get from
//! a command.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::Scenario;
use super::callers::verdict_of;
use super::invocation::Ran;
use super::json::{items, text};
use super::universe::granted;
use super::world::{World, same};
use crate::api::is_allowed;
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "caller-namespace-admin",
        claim: "answers and fixes for an admin of one namespace agree with the server",
        run: namespace_admin,
        since: 20,
    },
    Scenario {
        name: "caller-granter",
        claim: "the same for a caller that can write roles and bindings",
        run: granter,
        since: 20,
    },
    Scenario { name: "caller-viewer", claim: "the same for a viewer", run: viewer, since: 20 },
    Scenario {
        name: "caller-reviewer",
        claim: "the same for a caller that can only create access reviews",
        run: reviewer,
        since: 20,
    },
    Scenario {
        name: "caller-impersonator",
        claim: "the same for a caller that can impersonate",
        run: impersonator,
        since: 20,
    },
    Scenario {
        name: "caller-constrained-impersonator",
        claim: "the same for a caller that can impersonate for some requests",
        run: constrained_impersonator,
        since: 36,
    },
    Scenario {
        name: "caller-nobody",
        claim: "the same for a caller without access",
        run: nobody,
        since: 20,
    },
    Scenario {
        name: "caller-anonymous",
        claim: "the same for a caller without credentials",
        run: anonymous,
        since: 20,
    },
    Scenario { name: "caller-node", claim: "the same for a node", run: node, since: 20 },
];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: op-a}
---
apiVersion: v1
kind: Namespace
metadata: {name: op-b}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: op-a}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: op-b}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: op-a}
spec: {serviceAccountName: app, containers: [{name: web, image: example.com/web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: op-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: op-admin, namespace: op-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: op-admin}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: op-view, namespace: op-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: op-viewer}
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: op-granter}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: op-grants, namespace: op-a}
rules:
- apiGroups: [rbac.authorization.k8s.io]
  resources: [roles, rolebindings]
  verbs: [get, list, create, update, patch, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: op-grants, namespace: op-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: op-grants}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: op-granter}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: op-reviews}
rules:
- {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: op-reviews}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: op-reviews}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: op-reviewer}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: op-impersonates}
rules:
- {apiGroups: [""], resources: [serviceaccounts], resourceNames: [app], verbs: [impersonate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: op-impersonates}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: op-impersonates}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: op-impersonator}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: op-impersonates-for-some}
rules:
- {apiGroups: [authentication.k8s.io], resources: [serviceaccounts], verbs: ["impersonate:serviceaccount"]}
- apiGroups: [""]
  resources: [pods]
  verbs: ["impersonate-on:serviceaccount:get", "impersonate-on:serviceaccount:list"]
- apiGroups: [authorization.k8s.io]
  resources: [selfsubjectaccessreviews, selfsubjectrulesreviews]
  verbs: ["impersonate-on:serviceaccount:create"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: op-impersonates-for-some}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: op-impersonates-for-some}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: op-constrained}]
"#;

/// A binding of a role that does not exist.
const OVERLAY: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: op-overlay, namespace: op-a}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: op-nope}
subjects: [{kind: ServiceAccount, name: op-ghost}]
"#;

const ACCOUNT: &str = "system:serviceaccount:op-a:app";

/// The questions about the caller and other subjects.
const QUESTIONS: [&str; 9] = [
    "list pods -n op-a",
    "delete pods -n op-a",
    "get secrets -n op-a",
    "list pods -n op-b",
    "list pods -A",
    "get nodes --name node-1",
    "create rolebindings -n op-a",
    "update deployments.apps/scale -n op-a",
    "create selfsubjectaccessreviews",
];

/// The other subjects.
const SUBJECTS: [&str; 4] =
    ["sa/op-a:app", "sa/op-b:app", "user/op-viewer", "group/system:masters"];

/// A caller, as the server knows it.
struct Caller {
    kubeconfig: PathBuf,
    user: &'static str,
    groups: Vec<&'static str>,
}

fn caller(world: &World, user: &'static str, groups: &[&'static str]) -> Result<Caller> {
    world.apply(MANIFESTS)?;
    let kubeconfig = world.user(user, groups)?;
    let groups = groups.iter().copied().chain(["system:authenticated"]).collect();
    Ok(Caller { kubeconfig, user, groups })
}

fn namespace_admin(world: &World) -> Result<()> {
    hold(world, &caller(world, "op-admin", &[])?)
}

fn granter(world: &World) -> Result<()> {
    hold(world, &caller(world, "op-granter", &[])?)
}

fn viewer(world: &World) -> Result<()> {
    hold(world, &caller(world, "op-viewer", &[])?)
}

fn reviewer(world: &World) -> Result<()> {
    let reviewer = caller(world, "op-reviewer", &[])?;
    // The caller gets an answer for everything that it can ask the server.
    world
        .rolecall("can-i list pods --for sa/op-a:app -n op-a")
        .by(&reviewer.kubeconfig)
        .run()?
        .exits(0)?;
    hold(world, &reviewer)
}

fn impersonator(world: &World) -> Result<()> {
    let impersonator = caller(world, "op-impersonator", &[])?;
    acts_as_the_account(world, &impersonator)?;
    hold(world, &impersonator)
}

fn constrained_impersonator(world: &World) -> Result<()> {
    let impersonator = caller(world, "op-constrained", &[])?;
    acts_as_the_account(world, &impersonator)?;
    hold(world, &impersonator)
}

fn nobody(world: &World) -> Result<()> {
    hold(world, &caller(world, "op-nobody", &[])?)
}

fn anonymous(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let kubeconfig = world.anonymous()?;
    hold(
        world,
        &Caller { kubeconfig, user: "system:anonymous", groups: vec!["system:unauthenticated"] },
    )
}

fn node(world: &World) -> Result<()> {
    hold(world, &caller(world, "system:node:node-1", &["system:nodes"])?)
}

/// `--as` gives the same answers as kubectl's.
fn acts_as_the_account(world: &World, caller: &Caller) -> Result<()> {
    for (verb, code) in [("list", 0), ("delete", 1)] {
        let line = format!("{verb} pods -n op-a --as {ACCOUNT}");
        world.kubectl(&format!("auth can-i {line}")).by(&caller.kubeconfig).run()?.exits(code)?;
        world.rolecall(&format!("can-i {line}")).by(&caller.kubeconfig).run()?.exits(code)?;
    }
    Ok(())
}

/// Runs every command as a caller, and compares definite answers with the server's.
fn hold(world: &World, caller: &Caller) -> Result<()> {
    let mut definite = 0;
    for question in QUESTIONS {
        for command in ["can-i", "why"] {
            definite += usize::from(about_itself(world, caller, command, question)?);
            for subject in SUBJECTS {
                let line = format!("{command} {question} --for {subject} -o json");
                about_others(world, &line, by(world, caller, &line)?)?;
            }
        }
        holders(world, caller, question)?;
    }
    if definite == 0 && caller.user != "system:anonymous" {
        return Err(Failure::new("a caller can always ask the server about itself"));
    }
    for subject in ["sa/op-a:app", "sa/op-b:app"] {
        rules(world, caller, subject)?;
        walk(world, caller, subject)?;
    }
    walk(world, caller, "pod/web-0")?;
    for what in ["get configmaps", "delete pods", "list pods"] {
        fix(world, caller, what)?;
    }
    saved(world, caller)?;
    overlay(world, caller)?;
    let whoami = by(world, caller, "whoami -o json")?.exits(0)?.json()?;
    same("whoami", &text(&whoami, "/user"), &caller.user)
}

fn by(world: &World, caller: &Caller, line: &str) -> Result<Ran> {
    world.rolecall(line).by(&caller.kubeconfig).run()
}

/// Asks about the caller itself; returns whether the answer is definite.
fn about_itself(world: &World, caller: &Caller, command: &str, question: &str) -> Result<bool> {
    let ran = by(world, caller, &format!("{command} {question} -o json"))?;
    let answer = ran.json()?;
    let cell = answer.pointer("/cell").cloned().unwrap_or_default();
    let spec = spec(caller.user, json!(caller.groups), &cell);
    compare(world, ran, &cell, &spec)
}

fn about_others(world: &World, line: &str, ran: Ran) -> Result<()> {
    let answer = ran.json().map_err(|failure| Failure::new(format!("{line}: {failure}")))?;
    let cell = answer.pointer("/cell").cloned().unwrap_or_default();
    let groups = answer.pointer("/subject/groups").cloned().unwrap_or_default();
    let spec = spec(text(&answer, "/subject/user"), groups, &cell);
    compare(world, ran, &cell, &spec).map(drop)
}

/// Fails if a definite verdict differs from the server's; returns whether it is definite.
fn compare(world: &World, ran: Ran, cell: &Value, spec: &Value) -> Result<bool> {
    match text(cell, "/verdict") {
        "unknown" => ran.exits(3).map(|_| false),
        verdict => {
            let status = world.api.review(spec)?;
            let expected = verdict_of(is_allowed(&status));
            if verdict != expected {
                return Err(ran.wrong(format!("contradicts the server: {spec} gives {status}")));
            }
            ran.exits(if expected == "allowed" { 0 } else { 1 }).map(|_| true)
        }
    }
}

fn spec(user: &str, groups: Value, request: &Value) -> Value {
    let mut spec = json!({"groups": groups, "resourceAttributes": {
        "namespace": text(request, "/namespace"), "verb": text(request, "/verb"),
        "group": text(request, "/group"), "resource": text(request, "/resource"),
        "subresource": text(request, "/subresource"), "name": text(request, "/name"),
    }});
    if !user.is_empty() {
        super::json::set(&mut spec, "user", json!(user));
    }
    spec
}

/// The listed subjects have access, and if none are listed with certainty, none have.
fn holders(world: &World, caller: &Caller, question: &str) -> Result<()> {
    let ran = by(world, caller, &format!("who-can {question} -o json"))?;
    let listed = ran.json()?;
    for request in items(&listed, "/requests") {
        for holder in items(&listed, "/holders") {
            let namespace = text(holder, "/namespace");
            if !namespace.is_empty() && namespace != text(request, "/namespace") {
                continue;
            }
            let name = text(holder, "/subject/name");
            let (user, groups) = match text(holder, "/subject/kind") {
                "User" => (name.to_owned(), json!(["system:authenticated"])),
                "Group" => (String::new(), json!([name])),
                _ => {
                    let namespace = text(holder, "/subject/namespace");
                    let user = format!("system:serviceaccount:{namespace}:{name}");
                    (user, json!(["system:authenticated"]))
                }
            };
            let spec = spec(&user, groups, request);
            if !world.api.allows(&spec)? {
                return Err(ran.wrong(format!("lists a subject without access: {spec}")));
            }
        }
        let lists_nobody = ran.code() == Some(1);
        for user in [ACCOUNT, "op-viewer", "op-admin"] {
            let spec = spec(user, json!(["system:authenticated"]), request);
            if lists_nobody && world.api.allows(&spec)? {
                return Err(ran.wrong(format!("reports that no subject can, but: {spec}")));
            }
        }
    }
    Ok(())
}

/// The server lists the same rules, and a complete list is complete.
fn rules(world: &World, caller: &Caller, subject: &str) -> Result<()> {
    let (namespace, name) = subject.trim_start_matches("sa/").split_once(':').unwrap_or_default();
    let ran = by(world, caller, &format!("rules --for {subject} -n {namespace} -o json"))?;
    let found = ran.json()?;
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let user = format!("system:serviceaccount:{namespace}:{name}");
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let headers = [("Impersonate-User", user.as_str())];
    let live = world.api.request("POST", path, &headers, Some(&review))?;
    let (found, live): (BTreeSet<String>, BTreeSet<String>) =
        (granted(&found), granted(&live.body));
    if let Some(untrue) = found.difference(&live).next() {
        return Err(ran.wrong(format!("lists rules that the server does not: {untrue}")));
    }
    match ran.code() {
        Some(0) if found != live => Err(ran.wrong("reports incomplete rules as complete")),
        _ => Ok(()),
    }
}

/// A complete walk shows the same as for an admin.
fn walk(world: &World, caller: &Caller, target: &str) -> Result<()> {
    let namespace = if target.contains("op-b") { "op-b" } else { "op-a" };
    let line = format!("walk {target} -n {namespace} -o json");
    let ran = by(world, caller, &line)?;
    if ran.code() != Some(0) {
        return Ok(());
    }
    let by_admin = world.rolecall(&line).run()?.exits(0)?;
    ran.prints(&by_admin.stdout).map(drop)
}

/// Preflight predicts the result, and applied fixes allow the request.
fn fix(world: &World, caller: &Caller, what: &str) -> Result<()> {
    let line = format!("fix {what} --for sa/op-a:app -n op-a");
    let ran = by(world, caller, &format!("{line} --preflight"))?;
    let (verb, resource) = what.split_once(' ').unwrap_or_default();
    let request = json!({"namespace": "op-a", "verb": verb, "resource": resource});
    let spec = spec(ACCOUNT, json!(["system:authenticated"]), &request);
    // If preflight prevents writing, apply the fix without it.
    let manifests = match ran.code() {
        Some(1) => by(world, caller, &line)?.stdout,
        _ => ran.stdout.clone(),
    };
    let writes = manifests.contains("kind: Role");
    if ran.code() == Some(0) && !writes && !world.api.allows(&spec)? {
        return Err(ran.wrong("writes nothing, although the request is denied"));
    }
    if !writes || !matches!(ran.code(), Some(0 | 1)) {
        return Ok(());
    }
    let applied = world
        .kubectl("apply --validate=false -f -")
        .by(&caller.kubeconfig)
        .stdin(manifests.clone())
        .run()?;
    let was_applied = applied.code() == Some(0);
    let holds = !was_applied || {
        world.settle()?;
        world.api.allows(&spec)?
    };
    world.kubectl("delete --ignore-not-found -f -").stdin(manifests).run()?.exits(0)?;
    world.settle()?;
    if was_applied != (ran.code() == Some(0)) {
        return Err(
            ran.wrong(format!("predicts something else than what happens: {}", applied.stderr))
        );
    }
    if holds { Ok(()) } else { Err(ran.wrong("does not allow the request after it is applied")) }
}

/// Definite answers from a snapshot agree with the server, too.
fn saved(world: &World, caller: &Caller) -> Result<()> {
    let ran = by(world, caller, "snapshot")?;
    if ran.code() == Some(2) {
        return Ok(());
    }
    let path = world.write(&format!("{}.yaml", caller.user.replace(':', "-")), &ran.stdout)?;
    for question in QUESTIONS {
        for subject in SUBJECTS {
            let line = format!("can-i {question} --for {subject} -f {path} -o json");
            about_others(world, &line, world.rolecall(&line).run()?)?;
        }
    }
    Ok(())
}

/// A dangling reference is always reported.
fn overlay(world: &World, caller: &Caller) -> Result<()> {
    let path = world.write("operators-overlay.yaml", OVERLAY)?;
    let ran = by(world, caller, &format!("check --overlay -f {path}"))?;
    match ran.code() {
        Some(0) => Err(ran.wrong("does not report a binding of a role that does not exist")),
        _ => Ok(()),
    }
}
