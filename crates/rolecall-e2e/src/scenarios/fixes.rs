//! `fix` in practice: its output is applied, and the server confirms that the requests are allowed.

use serde_json::{Value, json};

use super::Scenario;
use super::world::{World, same};
use rolecall_task::failure::{Failure, Result};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "fix-styles",
        claim: "new, reused and extended roles, with or without a new ServiceAccount, allow the request",
        run: styles,
        since: 20,
    },
    Scenario {
        name: "fix-workload",
        claim: "a workload gets a dedicated ServiceAccount, and its Pods the access",
        run: dedicated,
        since: 20,
    },
    Scenario {
        name: "fix-preflight",
        claim: "--preflight predicts which users can apply the objects",
        run: preflight,
        since: 20,
    },
    Scenario {
        name: "fix-from-errors",
        claim: "kubectl's refusals are fixed from its error messages, and the commands then succeed",
        run: from_errors,
        since: 20,
    },
];

const MANIFESTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: fixes}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: fixes}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.com/web}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pod-reader, namespace: fixes}
rules:
- {apiGroups: [""], resources: [pods], verbs: [get, list, watch]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: own, namespace: fixes}
rules:
- {apiGroups: [""], resources: [configmaps], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: own, namespace: fixes}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: own}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: fixes-owner}]
"#;

fn styles(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let rows = [
        // The fix, the user to check, and the kinds of the written objects.
        ("get,list pods --for user/fixes-new", "fixes-new", &["Role", "RoleBinding"][..]),
        (
            "get,list,watch pods --for user/fixes-reuse --style reuse",
            "fixes-reuse",
            &["RoleBinding"],
        ),
        ("get,list configmaps --for user/fixes-owner --style extend", "fixes-owner", &["Role"]),
        (
            "list pods --for sa/fresh --create-serviceaccount",
            "system:serviceaccount:fixes:fresh",
            &["ServiceAccount", "Role", "RoleBinding"],
        ),
        (
            "list nodes --for user/fixes-nodes",
            "fixes-nodes",
            &["ClusterRole", "ClusterRoleBinding"],
        ),
        (
            "get /metrics --for user/fixes-metrics",
            "fixes-metrics",
            &["ClusterRole", "ClusterRoleBinding"],
        ),
        (
            "get pods/log --name web-0 --for group/fixes-devs",
            "fixes-devs-member",
            &["Role", "RoleBinding"],
        ),
    ];
    for (what, user, kinds) in rows {
        let line = format!("fix {what} -n fixes");
        let fix =
            world.rolecall(&format!("{line} --dry-run server --preflight")).run()?.exits(0)?;
        let found: Vec<&str> =
            fix.stdout.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
        same(&line, &found, &kinds.to_vec())?;
        let plan = world.rolecall(&format!("{line} -o json")).run()?.exits(0)?.json()?;
        let denied = asked(&plan, user);
        if denied.is_empty() {
            return Err(Failure::new(format!("the plan of `{line}` contains no requests: {plan}")));
        }
        for spec in &denied {
            same(&format!("before `{line}`: {spec}"), &world.api.allows(spec)?, &false)?;
        }
        world.apply(&fix.stdout)?;
        for spec in &denied {
            same(&format!("after `{line}`: {spec}"), &world.api.allows(spec)?, &true)?;
        }
        world.rolecall(&line).run()?.exits(0)?.prints("")?;
    }
    Ok(())
}

/// Returns the denied requests of a plan as SubjectAccessReviews of a user in the group that gets
/// the grant.
fn asked(plan: &Value, user: &str) -> Vec<Value> {
    let answers = plan.get("answers").and_then(Value::as_array).into_iter().flatten();
    let denied = answers.filter(|answer| answer.get("before") == Some(&json!("denied")));
    denied
        .filter_map(|answer| answer.get("request"))
        .map(|request| {
            let field = |name: &str| request.get(name).cloned().unwrap_or_default();
            let groups = json!(["fixes-devs", "system:authenticated"]);
            let path = field("path");
            if path.as_str().is_some_and(|path| !path.is_empty()) {
                let attributes = json!({"verb": field("verb"), "path": path});
                return json!({"user": user, "groups": groups, "nonResourceAttributes": attributes});
            }
            let attributes = json!({
                "namespace": field("namespace"), "verb": field("verb"), "group": field("group"),
                "resource": field("resource"), "subresource": field("subresource"), "name": field("name"),
            });
            json!({"user": user, "groups": groups, "resourceAttributes": attributes})
        })
        .collect()
}

fn dedicated(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let fix = world
        .rolecall(
            "fix get secrets --name web-tls --for deploy/web -n fixes --dedicated-serviceaccount",
        )
        .run()?
        .exits(0)?;
    world.apply(&fix.stdout)?;
    // The hint contains the command that sets the workload's ServiceAccount, with its patch quoted
    // for a shell.
    let patch =
        fix.stderr.split_once("hint: run `kubectl ").and_then(|(_, hint)| hint.split_once('`'));
    let Some((command, _)) = patch else {
        return Err(fix.wrong("does not show how to set the workload's ServiceAccount"));
    };
    let (command, patch) = command.split_once(" -p ").unwrap_or((command, ""));
    world.kubectl(&format!("{command} -p")).arg(patch.trim_matches('\'')).run()?.exits(0)?;
    let question = "can-i get secrets --name web-tls --for deploy/web -n fixes";
    world.rolecall(question).run()?.exits(0)?.says("yes: sa/fixes:web ")?;
    world.rolecall(&format!("{question} --mode live")).run()?.exits(0)?;
    // Other Pods of the namespace gain nothing.
    world.rolecall("can-i get secrets --name web-tls --for sa/default -n fixes").run()?.exits(1)?;
    Ok(())
}

/// Users who can read and write roles and bindings, with their rules.
const APPLIERS: &[(&str, &str)] = &[
    (
        "fixes-writer",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [get, create, patch]}",
    ),
    ("fixes-holder", "{apiGroups: [\"\"], resources: [pods], verbs: [get, list, watch]}"),
    (
        "fixes-escalator",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [escalate, bind]}",
    ),
    ("fixes-binder", "{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind]}"),
    ("fixes-reader", ""),
];

fn preflight(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let mut yaml = String::new();
    for (user, rule) in APPLIERS {
        // All except the last can write; the rest is in their rules.
        let writes = if *user == "fixes-reader" {
            ""
        } else {
            APPLIERS.first().map_or("", |(_, rule)| rule)
        };
        let rules: String = [writes, rule]
            .iter()
            .filter(|rule| !rule.is_empty())
            .map(|rule| format!("- {rule}\n"))
            .collect();
        let rules = if rules.is_empty() { "[]\n".to_owned() } else { format!("\n{rules}") };
        yaml.push_str(&format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n\
             metadata: {{name: {user}, namespace: fixes}}\nrules: {rules}---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
             metadata: {{name: {user}, namespace: fixes}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {user}}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\n\
             metadata: {{name: {user}}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: rolecall-reader}}\n\
             subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: {user}}}]\n---\n"
        ));
    }
    world
        .kubectl("apply --validate=false -f manifests/cluster/clusterrole.yaml")
        .run()?
        .exits(0)?;
    world.apply(&yaml)?;

    let (mut let_through, mut stopped) = (0, 0);
    for (user, _) in APPLIERS {
        for what in ["get pods", "get secrets", "get,list,watch pods --style reuse"] {
            let line = format!("fix {what} --for user/fixes-somebody -n fixes --as {user}");
            let fix = world.rolecall(&format!("{line} --preflight")).run()?;
            let foreseen = fix.stderr.contains("preflight: all objects can be applied");
            let fix = fix.exits(i32::from(!foreseen))?;
            let manifests = world.rolecall(&line).run()?.exits(0)?.stdout;
            // Objects that would fail halfway are not written.
            let fix = fix.prints(if foreseen { &manifests } else { "" })?;
            let applied = world
                .kubectl(&format!("apply --validate=false -f - --as {user}"))
                .stdin(manifests.clone())
                .run()?;
            let was_applied = !applied.stderr.contains("Error from server");
            if was_applied != foreseen {
                return Err(fix.wrong(format!(
                    "predicts something else than what happened: {}",
                    applied.stderr
                )));
            }
            *(if was_applied { &mut let_through } else { &mut stopped }) += 1;
            if applied.stderr.contains("attempting to grant RBAC permissions not currently held") {
                refusal_is_answered(world, &applied.stderr)?;
            }
            world.kubectl("delete --ignore-not-found -f -").stdin(manifests).run()?.exits(0)?;
            world.settle()?;
        }
    }
    if let_through == 0 || stopped == 0 {
        return Err(Failure::new("all users can apply the objects, or none can"));
    }
    Ok(())
}

/// An escalation refusal names the rules that the user lacks. Granting the refused request would
/// not fix it.
fn refusal_is_answered(world: &World, stderr: &str) -> Result<()> {
    world
        .rolecall("fix --from-errors - -n fixes")
        .stdin(stderr)
        .run()?
        .exits(1)?
        .prints("")?
        .notes("the author of a role or binding must have all rules that it grants")?
        .notes("note: missing: get")
        .map(drop)
}

fn from_errors(world: &World) -> Result<()> {
    world.apply(MANIFESTS)?;
    let lines = [
        "get pods -n fixes",
        "get pods web-0 -n fixes --ignore-not-found",
        "get --raw /metrics",
        "get nodes",
        "get deployments -n fixes -v 8",
        "auth can-i list pods -n fixes -q",
        "scale deployment web --replicas 1 -n fixes",
    ];
    let user = "--as fixes-kubectl";
    // Each grant lets a command continue to the next refusal.
    for _ in 0..4 {
        let mut said = String::new();
        for line in lines {
            said.push_str(&world.kubectl(&format!("{line} {user}")).run()?.stderr);
        }
        if !said.contains("cannot") {
            break;
        }
        let fix = world.rolecall("fix --from-errors -").stdin(said).run()?.exits(0)?;
        world.apply(&fix.stdout)?;
    }
    for line in lines {
        world.kubectl(&format!("{line} {user}")).run()?.exits(0)?;
    }
    Ok(())
}
