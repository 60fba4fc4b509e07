//! `manifests/` grants exactly the access that rolecall needs.

use std::collections::BTreeSet;

use rolecall_rbac::break_down;
use rolecall_source::manifests::{Defaults, LoadConfig, Selection, load};

use crate::command::root;
use crate::server::{Received, Server};

const IN_CLUSTER: &str = "system:serviceaccount:rolecall:rolecall";
const IN_NAMESPACE: &str = "system:serviceaccount:default:rolecall";

/// Runs commands with the access of some directories, and compares the allowed requests with the
/// grants.
#[track_caller]
fn check(folders: &[&str], user: &str, commands: &[&str]) {
    let folders: Vec<String> =
        folders.iter().map(|folder| format!("../manifests/{folder}")).collect();
    let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
    let server = Server::of(&[&folders[..], &["ns-1"]].concat());
    let exit = if user == IN_NAMESPACE { Some(3) } else { Some(0) };
    for command in commands {
        let ran = server.rolecall(user, command);
        assert_eq!(ran.exit, exit, "{command}: {ran}");
    }
    let asked: BTreeSet<String> = server.allowed().iter().flat_map(asked).collect();
    assert_eq!(asked, granted(&folders));
}

/// Returns the grants in the roles of some directories, as `VERB RESOURCE.GROUP`.
fn granted(folders: &[&str]) -> BTreeSet<String> {
    let config = LoadConfig {
        paths: folders.iter().map(|folder| root().join("fixtures").join(folder)).collect(),
        default_namespace: "default".to_owned(),
        defaults: Defaults::None,
        selection: Selection::Everything,
        exclude: Vec::new(),
    };
    let loaded = load(&config, std::io::empty());
    let rules = loaded.inventory.roles().iter().flat_map(|role| role.rules.iter());
    let atoms = rules.flat_map(break_down);
    atoms.map(|it| format!("{} {}.{}", it.verbs[0], it.resources[0], it.api_groups[0])).collect()
}

/// Returns the access that a request needs beyond that of every authenticated user.
fn asked(received: &Received) -> Vec<String> {
    let mut asked = Vec::new();
    for user in received.headers("impersonate-user") {
        let is_account = user.starts_with("system:serviceaccount:");
        let resource = if is_account { "serviceaccounts" } else { "users" };
        asked.push(format!("impersonate {resource}."));
    }
    if received.headers("impersonate-group").next().is_some() {
        asked.push("impersonate groups.".to_owned());
    }
    let parts: Vec<&str> = received.path.trim_start_matches('/').split('/').collect();
    let (group, rest) = match &*parts {
        ["api", _, rest @ ..] => ("", rest),
        ["apis", group, _, rest @ ..] => (*group, rest),
        _ => return asked,
    };
    let rest = match rest {
        ["namespaces", _, rest @ ..] if !rest.is_empty() => rest,
        rest => rest,
    };
    match (&*received.method, rest) {
        ("POST", [review]) if review.starts_with("selfsubject") => {}
        ("POST", [resource]) => asked.push(format!("create {resource}.{group}")),
        ("GET", [resource]) => asked.push(format!("list {resource}.{group}")),
        ("GET", [resource, _, sub]) => asked.push(format!("get {resource}/{sub}.{group}")),
        other => panic!("{other:?}"),
    }
    asked
}

const READING: [&str; 4] = [
    "snapshot",
    "walk -A",
    "can-i --for 'sa/*' --all-namespaces --output csv",
    "who-can get secrets --all-namespaces --output json",
];

#[test]
fn the_cluster_role_grants_exactly_what_reading_a_cluster_needs() {
    check(&["cluster"], IN_CLUSTER, &READING);
}

#[test]
fn the_role_grants_exactly_what_reading_a_namespace_needs() {
    check(&["namespace"], IN_NAMESPACE, &["snapshot -n default", "walk -n default"]);
}

#[test]
fn reviews_grant_exactly_what_live_answers_need() {
    let live = "can-i --for sa/ns-1:k-sa-1 --for user/jane --resources pods -n ns-1 --mode both";
    check(&["cluster", "reviews"], IN_CLUSTER, &[READING[0], live]);
}

#[test]
fn impersonation_grants_exactly_what_live_answers_need_instead() {
    let live =
        "can-i --for sa/ns-1:k-sa-1 --for user/jane --as-group devs --resources pods -n ns-1";
    let live = format!("{live} --mode live");
    check(&["cluster", "impersonation"], IN_CLUSTER, &[READING[0], &live]);
}

#[test]
fn logs_grant_exactly_what_reading_logs_needs() {
    let fix = "fix --logs deploy/lister -n ns-1";
    check(&["cluster", "logs"], IN_CLUSTER, &[READING[0], fix]);
}
