//! The ways in which rolecall is run: as a plugin, inside the cluster with the rights that are shipped, interrupted.

use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::invocation::Ran;
use super::world::World;
use super::{Scenario, universe};
use crate::failure::Result;
use crate::process;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "kubectl-plugin",
        claim: "`kubectl rolecall` is found on PATH and answers as rolecall does",
        run: plugin,
    },
    Scenario {
        name: "reader",
        claim: "a ServiceAccount with manifests/cluster/clusterrole.yaml reads everything there is, without a gap",
        run: reader,
    },
    Scenario {
        name: "interrupted",
        claim: "Ctrl-C ends a live matrix with what was answered, and anything else at once",
        run: interrupted,
    },
];

fn plugin(world: &World) -> Result<()> {
    for (line, code) in [("can-i get pods -n default", 0), ("who-can get secrets -n default", 0)] {
        let own = world.rolecall(line).run()?.exits(code)?;
        world.kubectl(&format!("rolecall {line}")).run()?.exits(code)?.prints(&own.stdout)?;
    }
    Ok(())
}

fn reader(world: &World) -> Result<()> {
    world
        .kubectl("apply --validate=false -f manifests/cluster/clusterrole.yaml")
        .run()?
        .exits(0)?;
    world.apply(
        r#"
apiVersion: v1
kind: Namespace
metadata: {name: reader}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: rolecall, namespace: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: rolecall-reader}
subjects: [{kind: ServiceAccount, name: rolecall, namespace: reader}]
"#,
    )?;
    let token = world.token("reader", "rolecall", &json!({}))?;
    let kubeconfig = world.bearer("reader", &token)?;
    let rows = [
        "walk -A",
        "can-i --for sa/* -A --resources pods,secrets -o csv",
        "who-can get secrets -A",
        "rules --for sa/rolecall -n reader",
        "snapshot",
    ];
    for line in rows {
        let by_admin = world.rolecall(line).run()?.exits(0)?;
        let ran = world.rolecall(line).by(&kubeconfig).run()?.exits(0)?.prints(&by_admin.stdout)?;
        if ran.stderr.contains("was not read") {
            return Err(ran.wrong("has gaps"));
        }
    }
    Ok(())
}

fn interrupted(world: &World) -> Result<()> {
    universe::create(world)?;
    let ran = interrupt(
        world,
        "can-i --for sa/* -n u11-dev -n u11-prod --subresources --mode live -o csv",
    )?
    .exits(3)?
    .notes("warning: interrupted: ")?;
    let count = |verdict: &str| ran.stdout.matches(&format!(",{verdict},")).count();
    if count("denied") == 0 || count("unknown") == 0 {
        return Err(ran.wrong("does not tell what was answered from what was not"));
    }
    if ran.stderr.contains('\u{1b}') {
        return Err(ran.wrong("writes control sequences to what is no terminal"));
    }
    // Where rolecall computes and waits for nobody, it just ends.
    interrupt(world, "can-i --for sa/* -A --subresources -o csv")?.exits(130).map(drop)
}

/// Runs a command that takes several seconds, and presses Ctrl-C after one.
fn interrupt(world: &World, line: &str) -> Result<Ran> {
    let running = world.rolecall(line).start()?;
    thread::sleep(Duration::from_secs(1));
    let signal = ["-INT".to_owned(), running.id().to_string()];
    process::output(Command::new("kill").args(signal))?;
    running.end()
}
