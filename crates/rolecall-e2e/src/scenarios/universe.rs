//! The random universe that was recorded from a server of this version, created on the server
//! again.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::Scenario;
use super::callers::verdict_of;
use super::json::{items, set, text};
use super::world::{World, same};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "universe-rules",
        claim: "rules lists what the server's SelfSubjectRulesReviews do",
        run: rules,
        since: 20,
    },
    Scenario {
        name: "universe-who-can",
        claim: "who-can lists exactly the subjects that the server's SubjectAccessReviews allow",
        run: who_can,
        since: 20,
    },
    Scenario {
        name: "universe-fix",
        claim: "a fix of 300 denials is accepted, allows each of them and nothing else, and is idempotent",
        run: fix,
        since: 20,
    },
];

const FOLDER: &str = "fixtures/golden/v1.20/u11";

/// The number of denials that are fixed together.
const DENIALS: usize = 300;

/// Creates the objects of the universe on the server.
pub(super) fn create(world: &World) -> Result<()> {
    let mut text_of_list = String::new();
    open("cluster.json.gz")?
        .read_to_string(&mut text_of_list)
        .map_err(|error| Failure::new(format!("cannot read {FOLDER}/cluster.json.gz: {error}")))?;
    let list: Value = serde_json::from_str(&text_of_list)
        .map_err(|error| Failure::new(format!("{FOLDER}/cluster.json.gz: {error}")))?;
    let mut objects = Vec::new();
    for object in items(&list, "/items") {
        let [namespace, name] =
            ["/metadata/namespace", "/metadata/name"].map(|pointer| text(object, pointer));
        if !name.starts_with("u11") && !namespace.starts_with("u11") {
            continue;
        }
        let mut object = object.clone();
        let mut metadata = json!({"name": name});
        for field in ["namespace", "labels"] {
            if let Some(value) = object.pointer(&format!("/metadata/{field}")) {
                set(&mut metadata, field, value.clone());
            }
        }
        set(&mut object, "metadata", metadata);
        if let Some(fields) = object.as_object_mut() {
            fields.retain(|field, _| !["secrets", "spec", "status"].contains(&field.as_str()));
        }
        objects.push(object);
    }
    world.apply(&json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string())
}

/// Reads the recorded requests, one JSON object per line.
fn rows(name: &str) -> Result<Vec<Value>> {
    let failure = |error: &dyn std::fmt::Display| Failure::new(format!("{FOLDER}/{name}: {error}"));
    BufReader::new(open(name)?)
        .lines()
        .map(|line| {
            let line = line.map_err(|error| failure(&error))?;
            serde_json::from_str(&line).map_err(|error| failure(&error))
        })
        .collect()
}

fn open(name: &str) -> Result<GzDecoder<File>> {
    let path = files::workspace_root().join(FOLDER).join(name);
    File::open(&path).map(GzDecoder::new).map_err(|error| files::failure("read", &path, &error))
}

/// Returns the recorded requests that a role can grant: without wildcards, in existing namespaces.
fn requests() -> Result<Vec<Value>> {
    let specs = rows("checks.jsonl.gz")?.into_iter().filter_map(|row| row.get("spec").cloned());
    Ok(specs
        .filter(|spec| {
            let attributes = spec.get("resourceAttributes").or(spec.get("nonResourceAttributes"));
            !text(spec, "/user").is_empty()
                && text(spec, "/resourceAttributes/namespace") != "no-such-ns"
                && !attributes.is_some_and(|attributes| attributes.to_string().contains('*'))
        })
        .collect())
}

fn rules(world: &World) -> Result<()> {
    create(world)?;
    let mut compared = 0;
    for row in rows("rules.jsonl.gz")? {
        let (user, namespace) = (text(&row, "/user"), text(&row, "/namespace"));
        // `--for` gives a user its implicit groups and no others.
        if user == "system:anonymous" || items(&row, "/groups").any(|group| !is_usual(group)) {
            continue;
        }
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace},
        });
        let mut headers = vec![("Impersonate-User", user)];
        headers.extend(
            items(&row, "/groups")
                .filter_map(Value::as_str)
                .map(|group| ("Impersonate-Group", group)),
        );
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
        let live = world.api.request("POST", path, &headers, Some(&review))?;
        same(user, &live.code, &201)?;
        let line = format!("rules --for user/{user} -n {namespace} -o json");
        let found = world.rolecall(&line).run()?.exits(0)?.json()?;
        same(&line, &granted(&found), &granted(&live.body))?;
        compared += 1;
    }
    if compared < 10 {
        return Err(Failure::new(format!("only {compared} rules reviews could be compared")));
    }
    Ok(())
}

fn is_usual(group: &Value) -> bool {
    let group = group.as_str().unwrap_or_default();
    group == "system:authenticated" || group.starts_with("system:serviceaccounts")
}

/// Splits the rules of a review into single grants, because their order and grouping do not matter.
pub(super) fn granted(review: &Value) -> BTreeSet<String> {
    let mut granted = BTreeSet::new();
    let all = |rule: &Value, field: &str| -> Vec<String> {
        let pointer = format!("/{field}");
        items(rule, &pointer).filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for rule in items(review, "/status/resourceRules") {
        let mut names = all(rule, "resourceNames");
        if names.is_empty() {
            names.push("any name".to_owned());
        }
        for verb in all(rule, "verbs") {
            for group in all(rule, "apiGroups") {
                for resource in all(rule, "resources") {
                    granted.extend(
                        names.iter().map(|name| format!("{verb} {group}/{resource} {name}")),
                    );
                }
            }
        }
    }
    for rule in items(review, "/status/nonResourceRules") {
        for verb in all(rule, "verbs") {
            granted.extend(all(rule, "nonResourceURLs").iter().map(|url| format!("{verb} {url}")));
        }
    }
    granted
}

fn who_can(world: &World) -> Result<()> {
    create(world)?;
    // The candidates: every user and ServiceAccount, with its implicit groups.
    let mut askers: Vec<Value> = Vec::new();
    for spec in requests()? {
        let asker = json!({"user": spec.get("user"), "groups": spec.get("groups")});
        if !askers.contains(&asker) && askers.len() < 60 {
            askers.push(asker);
        }
    }
    let questions = [
        ("get", "pods", "u11-dev"),
        ("list", "secrets", "u11-prod"),
        ("create", "deployments.apps", "u11-team-a"),
        ("delete", "configmaps", "u11-ci"),
        ("patch", "roles.rbac.authorization.k8s.io", "u11-team-b"),
        ("update", "services", "u11-dev"),
        ("watch", "endpoints", "u11-prod"),
        ("deletecollection", "jobs.batch", "u11-ci"),
    ];
    for (verb, resource, namespace) in questions {
        let line = format!("who-can {verb} {resource} -n {namespace} -o json");
        let ran = world.rolecall(&line).run()?;
        let holders = ran.json()?;
        let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
        let attributes =
            json!({"namespace": namespace, "verb": verb, "group": group, "resource": resource});
        let mut specs = askers.clone();
        specs.iter_mut().for_each(|spec| set(spec, "resourceAttributes", attributes.clone()));
        for (spec, allowed) in specs.iter().zip(world.api.allows_each(&specs)?) {
            let named = items(&holders, "/holders").any(|holder| names(holder, spec));
            same(&format!("{line}: {spec}"), &verdict_of(named), &verdict_of(allowed))?;
        }
    }
    Ok(())
}

/// Returns whether a holder is the requesting user, or one of its groups.
fn names(holder: &Value, spec: &Value) -> bool {
    let name = text(holder, "/subject/name");
    match text(holder, "/subject/kind") {
        "User" => text(spec, "/user") == name,
        "Group" => items(spec, "/groups").any(|group| group == name),
        _ => {
            let namespace = text(holder, "/subject/namespace");
            text(spec, "/user") == format!("system:serviceaccount:{namespace}:{name}")
        }
    }
}

fn fix(world: &World) -> Result<()> {
    create(world)?;
    let requests = requests()?;
    let before = world.api.allows_each(&requests)?;
    let (mut denied, mut others) = (Vec::new(), Vec::new());
    for (spec, allowed) in requests.iter().zip(before) {
        if !allowed && denied.len() < DENIALS && !denied.contains(spec) {
            denied.push(spec.clone());
        } else {
            others.push((spec, allowed));
        }
    }
    let reviews: String = denied
        .iter()
        .map(|spec| format!("{}\n", json!({"kind": "SubjectAccessReview", "spec": spec})))
        .collect();
    // Some resources are not served, and are granted only with --force.
    let line = "fix --reviews - --allow-risky --force --create-serviceaccount";
    let fix = world.rolecall(line).stdin(reviews.clone()).run()?.exits(0)?;
    world.kubectl("apply -f -").stdin(fix.stdout.clone()).run()?.exits(0)?;
    world.settle()?;

    for (spec, allowed) in denied.iter().zip(world.api.allows_each(&denied)?) {
        same(&format!("after the fix, {spec}"), &verdict_of(allowed), &"allowed")?;
    }
    world.rolecall(line).stdin(reviews).run()?.exits(0)?.prints("")?;

    let cluster_scoped =
        world.kubectl("api-resources --namespaced=false -o name").run()?.exits(0)?.stdout;
    let specs: Vec<Value> = others.iter().map(|(spec, _)| (*spec).clone()).collect();
    for ((spec, before), after) in others.iter().zip(world.api.allows_each(&specs)?) {
        let implied = || denied.iter().any(|denied| implies(denied, spec, &cluster_scoped));
        if *before != after && !implied() {
            let verdict = verdict_of(after);
            return Err(Failure::new(format!(
                "it was not requested, and it is {verdict} after the fix: {spec}"
            )));
        }
    }
    Ok(())
}

/// Returns whether one request implies another: a request without a name applies to all names.
fn implies(wide: &Value, narrow: &Value, cluster_scoped: &str) -> bool {
    let equal = |pointer: &str| wide.pointer(pointer) == narrow.pointer(pointer);
    let all = |pointers: &[&str]| pointers.iter().all(|pointer| equal(pointer));
    if !all(&["/user", "/nonResourceAttributes"]) {
        return false;
    }
    let attribute = |name: &str| text(wide, &format!("/resourceAttributes/{name}"));
    let [group, resource, verb] = ["group", "resource", "verb"].map(attribute);
    let full = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
    let anywhere = attribute("namespace").is_empty()
        || cluster_scoped.lines().any(|line| line == full)
        || ["users", "groups"].contains(&resource);
    let any_name = attribute("name").is_empty() || ["create", "deletecollection"].contains(&verb);
    all(&[
        "/resourceAttributes/group",
        "/resourceAttributes/resource",
        "/resourceAttributes/subresource",
        "/resourceAttributes/verb",
    ]) && (anywhere || equal("/resourceAttributes/namespace"))
        && (any_name || equal("/resourceAttributes/name"))
}
