//! The ways to run rolecall: as a plugin, in the cluster with the shipped manifests, and
//! interrupted.

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::invocation::{Invocation, Ran};
use super::world::World;
use super::{Scenario, universe};
use rolecall_task::failure::{Failure, Result};
use rolecall_task::process;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "kubectl-plugin",
        claim: "`kubectl rolecall` is found on PATH and answers like rolecall",
        run: plugin,
        since: 20,
    },
    Scenario {
        name: "shipped-rights",
        claim: "a ServiceAccount with manifests/ reads the whole cluster without gaps, and can ask about others",
        run: shipped_rights,
        since: 20,
    },
    Scenario {
        name: "shipped-namespace-rights",
        claim: "one with manifests/namespace reads its namespace, and reports the rest as unread",
        run: shipped_namespace_rights,
        since: 20,
    },
    Scenario {
        name: "interrupted",
        claim: "Ctrl-C ends a live matrix with the answers so far, and anything else immediately",
        run: interrupted,
        since: 20,
    },
];

fn plugin(world: &World) -> Result<()> {
    for (line, code) in [("can-i get pods -n default", 0), ("who-can get secrets -n default", 0)] {
        let own = world.rolecall(line).run()?.exits(code)?;
        world.kubectl(&format!("rolecall {line}")).run()?.exits(code)?.prints(&own.stdout)?;
    }
    Ok(())
}

fn shipped_rights(world: &World) -> Result<()> {
    // A kubectl as old as the server does not accept directories in a kustomization's resources.
    for what in ["-k manifests/cluster", "-f manifests/job/job.yaml"] {
        world.kubectl(&format!("apply --validate=false {what}")).run()?.exits(0)?;
    }
    world.settle()?;
    let kubeconfig = world.bearer("rolecall", &world.token("rolecall", "rolecall", &json!({}))?)?;
    let rows = [
        "walk -A",
        "can-i --for sa/* -n rolecall -n default --resources pods,secrets -o csv",
        "who-can get secrets -A",
        "rules --for sa/rolecall -n rolecall",
        "snapshot",
    ];
    for line in rows {
        let by_admin = world.rolecall(line).run()?.exits(0)?;
        let ran = world.rolecall(line).by(&kubeconfig).run()?.exits(0)?.prints(&by_admin.stdout)?;
        if ran.stderr.contains("not read") {
            return Err(ran.wrong("has gaps"));
        }
    }

    // Either way of asking the server about others is sufficient.
    let live = "can-i list pods --for user/shipped -n default --mode live";
    world.rolecall(live).by(&kubeconfig).run()?.exits(3)?;
    for file in ["manifests/reviews/clusterrole.yaml", "manifests/impersonation/clusterrole.yaml"] {
        world.kubectl(&format!("apply --validate=false -f {file}")).run()?.exits(0)?;
        world.settle()?;
        world.rolecall(live).by(&kubeconfig).run()?.exits(1)?;
        world.kubectl(&format!("delete -f {file}")).run()?.exits(0)?;
        world.settle()?;
    }
    Ok(())
}

fn shipped_namespace_rights(world: &World) -> Result<()> {
    world.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: shipped}\n")?;
    world.kubectl("apply --validate=false -k manifests/namespace -n shipped").run()?.exits(0)?;
    world.settle()?;
    let kubeconfig = world.bearer("shipped", &world.token("shipped", "rolecall", &json!({}))?)?;
    let walk = "walk sa/rolecall -n shipped";
    world
        .rolecall(walk)
        .by(&kubeconfig)
        .run()?
        .exits(3)?
        .says("RoleBinding rolecall-reader of Role rolecall-reader")?
        .notes("every ClusterRoleBinding")?;
    world.rolecall("walk sa/rolecall -n default").by(&kubeconfig).run()?.notes("not read").map(drop)
}

/// Can review any subject but not impersonate, so that each answer takes one request.
const REVIEWER: &str = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: interrupted}
rules:
- {apiGroups: [""], resources: [serviceaccounts, namespaces], verbs: [list]}
- {apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: interrupted}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: interrupted}
subjects: [{kind: User, name: interrupted}]
"#;

fn interrupted(world: &World) -> Result<()> {
    universe::create(world)?;
    world.apply(REVIEWER)?;
    let reviewer = world.user("interrupted", &[])?;
    let line = "can-i --for sa/* -n u11-dev -n u11-prod --subresources --mode live -o csv";
    // The progress after a second depends on the machine.
    let mut seconds = [1, 2, 4, 8, 16].into_iter();
    let ran = loop {
        let Some(seconds) = seconds.next() else {
            return Err(Failure::new("no interruption came between the first and the last answer"));
        };
        let ran = interrupt(world.rolecall(line).by(&reviewer), Duration::from_secs(seconds))?;
        let has = |verdict: &str| ran.stdout.contains(&format!(",{verdict},"));
        if has("denied") && has("unknown") {
            break ran.exits(3)?.notes("warning: interrupted: ")?;
        }
    };
    if ran.stderr.contains('\u{1b}') {
        return Err(ran.wrong("writes control sequences although the output is not a terminal"));
    }
    // Commands without requests exit immediately.
    let line = "can-i --for sa/* -A --subresources -o csv";
    interrupt(world.rolecall(line), Duration::from_secs(1))?.exits(130).map(drop)
}

/// Runs a command that takes several seconds, and presses Ctrl-C after a while.
fn interrupt(invocation: Invocation<'_>, after: Duration) -> Result<Ran> {
    let running = invocation.start()?;
    thread::sleep(after);
    let signal = ["-INT".to_owned(), running.id().to_string()];
    process::output(Command::new("kill").args(signal))?;
    running.end()
}
