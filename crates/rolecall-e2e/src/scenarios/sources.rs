//! One cluster in several forms: live, as a snapshot, and with manifests on top.

use serde_json::Value;

use super::Scenario;
use super::callers::{spec_of, verdict_of};
use super::json::{items, text};
use super::world::{World, same};
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "snapshot",
        claim: "a snapshot answers like the cluster, kubectl reads it, and diff shows later changes",
        run: snapshot,
        since: 20,
    },
    Scenario {
        name: "overlay",
        claim: "--overlay predicts the server's answers after the manifests are applied",
        run: overlay,
        since: 20,
    },
];

const BASE: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: sources}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: sources}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: sources}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec: {serviceAccountName: app, containers: [{name: app, image: example.com/app}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: sources}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: app, namespace: sources}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: app}
subjects: [{kind: ServiceAccount, name: app}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sources-nodes}
rules:
- {apiGroups: [""], resources: [nodes], verbs: [get]}
"#;

/// Removes a verb, adds others, and adds a binding of a role that exists only in the cluster.
const CHANGE: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: app, namespace: sources}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: sources-nodes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: sources-nodes}
subjects: [{kind: ServiceAccount, name: app, namespace: sources}]
"#;

fn snapshot(world: &World) -> Result<()> {
    world.apply(BASE)?;
    let snapshot = world.rolecall("snapshot").run()?.exits(0)?.stdout;
    let path = world.write("snapshot.yaml", &snapshot)?;
    let rows = [
        ("walk -A", 0),
        ("walk -n sources", 0),
        ("can-i --for sa/* -A --resources pods,secrets,nodes -o csv", 0),
        ("who-can get pods -A", 0),
        ("rules --for sa/app -n sources", 0),
        ("can-i get pods --for deploy/app -n sources -o json", 0),
        ("can-i delete pods --for deploy/app -n sources", 1),
    ];
    for (line, code) in rows {
        let live = world.rolecall(line).run()?.exits(code)?;
        let saved = world.rolecall(&format!("{line} -f {path}")).run()?.exits(code)?;
        // Objects from a file have positions, in parentheses in a table and as fields in JSON.
        if remove_places(&saved.stdout, &path) != remove_places(&live.stdout, &path) {
            return Err(saved.wrong(format!("differs from the live output:\n{}", live.stdout)));
        }
    }
    world
        .kubectl(&format!("create --dry-run=client --validate=false -o name -f {path}"))
        .run()?
        .exits(0)?;
    if snapshot.contains("kind: Secret\n") {
        return Err(Failure::new("a snapshot contains Secrets"));
    }

    let diff = format!("diff {path} cluster --fail-on any");
    world.rolecall(&diff).run()?.exits(0)?.prints("")?;
    world.apply(CHANGE)?;
    let gained = world.rolecall(&format!("{diff} -o json")).run()?.exits(1)?.json()?;
    let change = |kind: &str| -> Vec<String> {
        let pointer = format!("/{kind}");
        items(&gained, &pointer).map(|access| text(access, "/subject").to_owned()).collect()
    };
    for kind in ["gained", "lost"] {
        let subjects = change(kind);
        if subjects.is_empty() || subjects.iter().any(|subject| subject != "sa/sources:app") {
            return Err(Failure::new(format!("diff reports wrong {kind} access: {gained}")));
        }
    }
    Ok(())
}

/// Removes ` (FILE:LINE)` from text, and the fields `file` and `line` from JSON.
fn remove_places(text: &str, path: &str) -> String {
    if let Ok(mut document) = serde_json::from_str::<Value>(text) {
        remove_fields(&mut document);
        return format!("{document}\n");
    }
    let mut kept = String::new();
    for line in text.lines() {
        let mut rest = line;
        while let Some((before, after)) = rest.split_once(&format!(" ({path}:")) {
            kept.push_str(before);
            rest = after.split_once(')').map_or("", |(_, after)| after);
        }
        kept.push_str(rest);
        kept.push('\n');
    }
    kept
}

fn remove_fields(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !matches!(&**name, "file" | "line"));
            fields.values_mut().for_each(remove_fields);
        }
        Value::Array(values) => values.iter_mut().for_each(remove_fields),
        _ => {}
    }
}

fn overlay(world: &World) -> Result<()> {
    world.kubectl("delete clusterrolebinding sources-nodes --ignore-not-found").run()?.exits(0)?;
    world.apply(BASE)?;
    let path = world.write("change.yaml", CHANGE)?;
    let line = format!(
        "can-i --for sa/app --for sa/default -n sources -f {path} --overlay -o json \
         --resources pods,pods/log,nodes,secrets"
    );
    let foreseen = world.rolecall(&line).run()?.exits(0)?.json()?;
    let mut changed = 0;
    for cell in items(&foreseen, "/cells") {
        changed +=
            usize::from(text(cell, "/verdict") != verdict_of(world.api.allows(&spec_of(cell)?)?));
    }
    // get, watch pods/log; list, watch pods; get nodes.
    same("predicted changes", &changed, &5)?;

    // The role of the binding exists only in the cluster.
    world.rolecall(&format!("check {path}")).run()?.says("RC101")?;
    let check = world.rolecall(&format!("check {path} --overlay")).run()?;
    if check.stdout.contains("RC101") {
        return Err(check.wrong("reports a missing role that exists in the cluster"));
    }

    world.apply(CHANGE)?;
    for cell in items(&foreseen, "/cells") {
        let live = verdict_of(world.api.allows(&spec_of(cell)?)?);
        same(&cell.to_string(), &text(cell, "/verdict"), &live)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positions_are_removed() {
        let rows = [
            ("by Role a/r (s.yaml:7), rule 1 (of 2)", "by Role a/r, rule 1 (of 2)\n"),
            (r#"{"a":1,"file":"s.yaml","line":7}"#, "{\"a\":1}\n"),
            (r#"[{"a":{"file":"s.yaml","line":7,"b":2}}]"#, "[{\"a\":{\"b\":2}}]\n"),
        ];
        for (text, expected) in rows {
            assert_eq!(remove_places(text, "s.yaml"), expected);
        }
    }
}
