//! Compares paths with a plain fixpoint on random universes.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

mod cuts;
mod oracle;
mod replay;
mod survey;
mod universe;

use std::collections::BTreeMap;

use oracle::Oracle;
use rolecall_paths::{
    Accounts, Assumptions, Grants, Nodes, PathFinder, Platform, Reach, Sink, Start, Subject,
    all_starts,
};
use rolecall_rbac::{Authorizer, Inventory, KubernetesVersion, SubjectKind};
use universe::{Random, universe};

/// The seeds of universes.
fn range() -> std::ops::Range<u64> {
    range_of(16)
}

/// The seeds of a number of universes; set `UNIVERSES` for another number, and `SEED` to start
/// elsewhere.
fn range_of(number_of_universes: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seed = number("SEED").unwrap_or(0);
    seed..seed + number("UNIVERSES").unwrap_or(number_of_universes)
}

fn sinks() -> Vec<Sink> {
    let account = |namespace: &str, name: &str| Sink::ServiceAccount {
        namespace: namespace.into(),
        name: name.into(),
    };
    vec![
        Sink::ClusterAdmin,
        Sink::Namespace("blue".into()),
        Sink::Secrets(None),
        Sink::Secrets(Some("red".into())),
        Sink::Node,
        account("blue", "app"),
        account("red", "web"),
        account("red", "x"),
        Sink::User("jane".into()),
        Sink::Group("dev".into()),
    ]
}

fn assumptions(seed: u64) -> Assumptions {
    Assumptions {
        version: KubernetesVersion { minor: [36, 36, 36, 34][(seed % 4) as usize] },
        nodes: if seed.is_multiple_of(3) { Nodes::Reachable } else { Nodes::Hardened },
        platform: if seed.is_multiple_of(5) { Platform::Eks } else { Platform::Any },
        accounts: if seed.is_multiple_of(2) { Accounts::Listed } else { Accounts::Implied },
        reach: if seed % 7 == 3 { Reach::Possible } else { Reach::Certain },
    }
}

#[test]
fn paths_equal_the_plain_fixpoint() {
    let mut reached = [0; 3];
    let mut failures = Vec::new();
    for seed in range() {
        let inventory = universe(&mut Random::new(seed));
        let authorizer = Authorizer::new(inventory.clone());
        let assumptions = assumptions(seed);
        let oracle = Oracle::new(&inventory, assumptions);
        let starts: Vec<Start> = all_starts(&authorizer)
            .into_iter()
            .filter(|start| !start.subject.is_running())
            .collect();
        let closures: Vec<_> = starts.iter().map(|start| oracle.closure(&start.identity)).collect();
        let sinks = sinks();
        let number_of_sinks = sinks.len() as u64;
        for (position, sink) in sinks.into_iter().enumerate() {
            if position > 0 && seed % number_of_sinks != position as u64 {
                continue;
            }
            // The fixpoint only knows the users that bindings name.
            if matches!(&sink, Sink::User(name) if !names_user(&inventory, name)) {
                continue;
            }
            let mut finder =
                PathFinder::new(&authorizer, assumptions, sink.clone(), Grants::Certain);
            let found = finder.find(&starts);
            let mut answers: BTreeMap<Subject, &str> = BTreeMap::new();
            for admin in &found.admins {
                answers.insert(admin.clone(), "admin");
            }
            for path in &found.paths {
                answers.insert(path.subject.clone(), "path");
            }
            for (start, closure) in starts.iter().zip(&closures) {
                let alone = oracle::Position {
                    identities: [(*start.identity).clone()].into(),
                    ..oracle::Position::default()
                };
                let expected = if oracle.holds(&alone, &sink) {
                    "admin"
                } else if oracle.holds(closure, &sink) {
                    "path"
                } else {
                    "none"
                };
                let answer = answers.get(&start.subject).copied().unwrap_or("none");
                reached[["none", "admin", "path"].iter().position(|it| *it == answer).unwrap()] +=
                    1;
                if answer != expected {
                    failures.push(format!(
                        "seed {seed}: {} to {sink}: {answer} instead of {expected}\n{:#?}\n{:?}",
                        start.subject,
                        replay::describe(&inventory),
                        closure.own,
                    ));
                }
            }
            let further = match seed % 8 {
                0 => finder.further_paths(&starts, &found),
                _ => Vec::new(),
            };
            for path in found.paths.iter().chain(&further) {
                let start = starts.iter().find(|it| it.subject == path.subject).unwrap();
                if let Err(problem) = replay::replay(&authorizer, &start.identity, path, &sink) {
                    failures.push(format!(
                        "seed {seed}: {} to {sink}: {problem}\n{:#?}\n{:#?}",
                        path.subject,
                        path.steps,
                        replay::describe(&inventory)
                    ));
                }
            }
        }
    }
    let shown = failures.get(..failures.len().min(5)).unwrap_or_default().join("\n");
    assert!(failures.is_empty(), "{} failures\n{shown}", failures.len());
    // The universes are neither trivial nor hopeless.
    assert!(reached.iter().all(|count| *count > range().count() / 20), "{reached:?}");
}

fn names_user(inventory: &Inventory, name: &str) -> bool {
    let subjects = inventory.bindings().iter().flat_map(|binding| &binding.subjects);
    subjects.into_iter().any(|it| it.kind == SubjectKind::User && *it.name == *name)
}
