//! Paths are carried out with real requests, and refused after the printed cut.

mod attack;

use rolecall_testing::rows::{LABEL, RowCase, USER, cases};

use self::attack::{Attack, MADE};
use super::Scenario;
use super::world::World;
use rolecall_task::failure::{Failure, Result};
use rolecall_task::files;

pub(super) const SCENARIOS: &[Scenario] = &[Scenario {
    name: "escalation",
    claim: "each path that the API server decides works, its near misses do not, and its cut stops it",
    run: escalation,
    since: 20,
}];

/// The rows that the API server decides alone, and the first minor version that behaves like this.
const ROWS: [(&str, u32); 17] = [
    ("X01", 20),
    ("X07", 20),
    ("X09", 20),
    ("X10", 20),
    ("X11", 20),
    ("X12", 36),
    ("X13", 20),
    ("X14", 20),
    ("X15", 20),
    ("X16", 20),
    ("X17", 20),
    ("X18", 20),
    ("X19", 20),
    ("X20", 20),
    ("X22", 20),
    // Pod Security admission.
    ("X24", 25),
    ("X25", 20),
];

/// The kinds of objects that attacks create.
const KINDS: &str = "rolebindings,roles,secrets,pods,clusterrolebindings,clusterroles,\
                     certificatesigningrequests,mutatingwebhookconfigurations";

fn escalation(world: &World) -> Result<()> {
    let folder = files::workspace_root().join("fixtures/escalation");
    let base = files::read(&folder.join("manifests.yaml"))?;
    let all = cases(&files::read(&folder.join("rows.yaml"))?).map_err(Failure::new)?;
    world.eventually("the objects exist", || world.apply(&base))?;
    let attacker = world.api_of(&world.user(USER, &[])?)?;
    let attack = Attack::new(world, attacker);
    let minor = world.minor()?;
    let mut wrong = Vec::new();
    for case in all.iter().filter(|case| is_decided(case, minor)) {
        if let Err(failure) = carry_out(world, &attack, &base, case) {
            wrong.push(format!("{} {}: {failure}", case.row, case.case));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(Failure::new(wrong.join("\n"))),
    }
}

/// Returns whether a server alone decides a case.
fn is_decided(case: &RowCase, minor: u32) -> bool {
    let since = ROWS.iter().find(|(row, _)| case.row == *row).map(|(_, since)| *since);
    // Policies need more than their registration.
    let is_policy = case.rights.iter().any(|right| right.contains("mutatingadmissionpolic"));
    since.is_some_and(|since| since <= minor) && !is_policy
}

/// Carries out a path; if it is one, then also without the grants of its cut.
fn carry_out(world: &World, attack: &Attack<'_>, base: &str, case: &RowCase) -> Result<()> {
    let grants = case.manifests();
    world.apply(&grants)?;
    let reached = attack.attempt(case);
    restore(world, base)?;
    let reached = reached?;
    let is_path = !case.path.is_empty();
    if reached == is_path && is_path {
        let line = format!("paths --cut -f - {}", case.arguments());
        let cut = world.rolecall(&line).stdin(format!("{base}{grants}")).run()?.exits(0)?;
        world.apply(&cut.stdout)?;
        let reached = attack.attempt(case);
        restore(world, base)?;
        if reached? {
            return Err(Failure::new(format!("works after the cut\n{}", cut.stdout)));
        }
    }
    delete(world, LABEL)?;
    match (reached, is_path) {
        (true, false) => Err(Failure::new("works, but is a near miss")),
        (false, true) => Err(Failure::new("does not work, but is a path")),
        _ => Ok(()),
    }
}

/// Removes what an attack created, and reverts what it changed.
fn restore(world: &World, base: &str) -> Result<()> {
    delete(world, MADE)?;
    world.apply(base)
}

fn delete(world: &World, label: &str) -> Result<()> {
    let line =
        format!("delete {KINDS} --all-namespaces -l {label} --ignore-not-found --wait=false --now");
    world.kubectl(&line).run()?.exits(0)?;
    Ok(())
}
