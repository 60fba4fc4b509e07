//! Applies every fixture to a server, and checks its cases and walks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rolecall_testing::cases::{Case, Cases, Walk, is_manifest};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Scenario;
use super::json::{items, text};
use super::world::{World, same};
use crate::api::is_allowed;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "fixtures",
    claim: "the cases and walks of every fixture hold in live, local and both modes",
    run: every_fixture,
    since: 20,
}];

/// Resources of different scopes and subresources for the matrix.
const RESOURCES: &str = "pods,pods/log,pods/exec,secrets,configmaps,endpoints,services,deployments.apps,jobs.batch,\
                         roles.rbac.authorization.k8s.io,nodes,namespaces";

fn every_fixture(world: &World) -> Result<()> {
    let version = world.api.get("/version")?;
    let minor = text(&version, "/minor").trim_end_matches('+').parse().unwrap_or_default();
    let root = Path::new("fixtures");
    for folder in folders(&files::workspace_root().join(root))? {
        let cases = Cases::read(&folder).map_err(Failure::new)?;
        if !cases.are_for(minor) {
            continue;
        }
        let name = folder.strip_prefix(files::workspace_root()).unwrap_or(&folder).display();
        one(world, &folder, &cases)
            .map_err(|failure| Failure::new(format!("{name}: {failure}")))?;
        // The other directories remain, so that they could interfere with each other.
        if folder.ends_with("before") {
            remove(world, &folder, &cases.namespace)?;
        }
    }
    Ok(())
}

fn one(world: &World, folder: &Path, cases: &Cases) -> Result<()> {
    apply(world, folder, cases)?;
    // Aggregation and the Pods of Deployments take a moment.
    world.eventually("the server answers as the fixture says", || server_agrees(world, cases))?;
    rolecall_agrees(world, cases)?;
    cases.walks.iter().try_for_each(|expected| {
        walk(world, cases, expected)
            .map_err(|failure| Failure::new(format!("{}: {failure}", expected.target)))
    })?;
    let mut line = format!("can-i --for sa/* --mode both -o json --resources {RESOURCES}");
    for namespace in cases.namespaces() {
        line.push_str(&format!(" -n {namespace}"));
    }
    let matrix = world.rolecall(&line).run()?.exits(0)?;
    let comparison = matrix.json()?;
    if comparison.get("disagreements") == Some(&json!([]))
        && comparison.get("unknown") == Some(&json!(0))
    {
        return Ok(());
    }
    Err(matrix.wrong("reports disagreements"))
}

/// Applies each file separately, because some must be rejected.
fn apply(world: &World, folder: &Path, cases: &Cases) -> Result<()> {
    for namespace in assumed_namespaces(folder)? {
        let answer = world.api.request(
            "POST",
            "/api/v1/namespaces",
            &[],
            Some(
                &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
            ),
        )?;
        if ![201, 409].contains(&answer.code) {
            return Err(Failure::new(format!(
                "cannot create the namespace `{namespace}`: {}",
                answer.body
            )));
        }
    }
    for path in files::list_dir(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !is_manifest(&path) {
            continue;
        }
        let applied =
            world.kubectl("apply --validate=false -f").arg(&path.display().to_string()).run()?;
        match cases.refused.get(&*name) {
            None => drop(applied.exits(0)?),
            // kubectl has a different message for broken YAML.
            Some(words) if words == "broken YAML" => drop(applied.exits(1)?),
            Some(words) => drop(applied.exits(1)?.notes(words)?),
        }
    }
    world.settle()
}

/// Returns the namespaces that a fixture uses but does not define.
fn assumed_namespaces(folder: &Path) -> Result<BTreeSet<String>> {
    let (mut used, mut brought) = (BTreeSet::new(), BTreeSet::new());
    for path in files::list_dir(folder)? {
        for document in serde_yaml::Deserializer::from_str(&files::read(&path)?) {
            // An unreadable document is rejected when it is applied.
            let Ok(object) = Value::deserialize(document) else { break };
            used.insert(text(&object, "/metadata/namespace").to_owned());
            if text(&object, "/kind") == "Namespace" {
                brought.insert(text(&object, "/metadata/name").to_owned());
            }
        }
    }
    used.remove("");
    Ok(&used - &brought)
}

fn remove(world: &World, folder: &Path, namespace: &str) -> Result<()> {
    let mut yaml = String::new();
    for path in files::list_dir(folder)? {
        if is_manifest(&path) {
            yaml.push_str(&files::read(&path)?);
            yaml.push_str("\n---\n");
        }
    }
    // Namespaces take seconds to delete, and the next fixture creates the same ones.
    let kept: Vec<&str> =
        yaml.split("\n---\n").filter(|document| !document.contains("kind: Namespace\n")).collect();
    world.kubectl("delete --ignore-not-found -f -").stdin(kept.join("\n---\n")).run()?.exits(0)?;
    // There is no garbage collector: it would delete Pods whose owners are missing from a fixture.
    let line = format!("delete replicasets,pods --all --force --grace-period=0 -n {namespace}");
    world.eventually("its Pods are gone", || {
        world.kubectl(&line).run()?.exits(0)?.prints("No resources found\n").map(drop)
    })?;
    world.settle()
}

fn server_agrees(world: &World, cases: &Cases) -> Result<()> {
    for case in certain(cases) {
        let status = world.api.review(&cases.spec(&case.ask))?;
        same(&format!("{:?}", case.ask), &verdict(&status), &case.verdict.as_str())?;
        let reason = text(&status, "/reason");
        if is_allowed(&status) && !case.may_name(reason) {
            return Err(Failure::new(format!("{:?}: the reason is {reason}", case.ask)));
        }
    }
    Ok(())
}

/// Compares rolecall's local answers to the same reviews with the server's.
fn rolecall_agrees(world: &World, cases: &Cases) -> Result<()> {
    let certain: Vec<&Case> = certain(cases).collect();
    let reviews: String = certain
        .iter()
        .map(|case| format!("{}\n", json!({"spec": cases.spec(&case.ask)})))
        .collect();
    let ran = world.rolecall("can-i --reviews -").stdin(reviews).run()?.exits(0)?;
    let answers: Vec<Value> =
        ran.stdout.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    same("answers", &answers.len(), &certain.len())?;
    for (case, mut answer) in certain.into_iter().zip(answers) {
        let found = answer.get_mut("status").map(Value::take).unwrap_or_default();
        let live = world.api.review(&cases.spec(&case.ask))?;
        let what = format!("{:?}", case.ask);
        same(&what, &verdict(&found), &verdict(&live))?;
        same(&what, &problems(&found), &problems(&live))?;
        let reason = text(&found, "/reason");
        if is_allowed(&found) && !case.may_name(reason) {
            return Err(Failure::new(format!("{what}: rolecall's reason is {reason}")));
        }
    }
    Ok(())
}

fn walk(world: &World, cases: &Cases, expected: &Walk) -> Result<()> {
    let line = format!("walk {} -n {} -o json", expected.target, cases.namespace);
    let walk = world.rolecall(&line).run()?.exits(0)?.json()?;
    same("gaps", &walk.get("gaps"), &Some(&json!([])))?;
    if !expected.target.starts_with("sa/") {
        let pod = walk.pointer("/pods/0").cloned().unwrap_or_default();
        if let Some(owners) = &expected.owners {
            let found: Vec<String> = items(&pod, "/owners")
                .map(|owner| format!("{} {}", text(owner, "/kind"), text(owner, "/name")))
                .collect();
            same("owners", &found, owners)?;
        }
        if let Some(token) = &expected.token {
            let mounted = pod.pointer("/tokenMounted/value").and_then(Value::as_bool);
            same("token", &mounted, &token.mounted)?;
            same("token", &text(&pod, "/tokenMounted/because"), &token.because.as_str())?;
        }
        same("runs as", &text(&pod, "/serviceAccount"), &expected.runs_as.as_str())?;
    }
    let subject = walk.pointer("/subjects/0").cloned().unwrap_or_default();
    if let Some(exists) = expected.exists {
        same("exists", &subject.get("exists").and_then(Value::as_bool), &Some(exists))?;
    }
    let bindings: Vec<String> = items(&subject, "/bindings")
        .map(|binding| (binding, text(binding, "/binding").to_owned()))
        // Exclude bindings of other fixtures to groups that contain everyone.
        .filter(|(binding, name)| expected.bindings.contains(name) || !is_to_everybody(binding))
        .map(|(_, name)| name)
        .collect();
    same("bindings", &bindings, &expected.bindings)
}

fn certain(cases: &Cases) -> impl Iterator<Item = &Case> {
    // Unreadable documents cannot be applied, so they do not make the server's answer unknown.
    cases.cases.iter().filter(|case| case.verdict != "unknown")
}

fn verdict(status: &Value) -> &'static str {
    if is_allowed(status) { "allowed" } else { "denied" }
}

/// Returns the dangling references, whose order is random on a server.
fn problems(status: &Value) -> Vec<&str> {
    let text = text(status, "/evaluationError").trim_matches(['[', ']']);
    let mut problems: Vec<&str> = text.split(", ").collect();
    problems.sort_unstable();
    problems
}

fn is_to_everybody(binding: &Value) -> bool {
    ["group/system:authenticated", "group/system:serviceaccounts"]
        .contains(&text(binding, "/subject"))
}

/// Returns the directories with cases, sorted, with `before` ahead of `after`.
fn folders(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for path in files::list_dir(folder)? {
        if path.is_dir() {
            found.extend(folders(&path)?);
        } else if path.ends_with("cases.yaml") {
            found.push(folder.to_path_buf());
        }
    }
    found.sort_by_key(|path| (path.with_file_name(""), path.ends_with("after"), path.clone()));
    Ok(found)
}
