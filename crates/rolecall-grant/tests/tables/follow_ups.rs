use rolecall_grant::follow_ups;
use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource, Target};

use crate::support::{api, denied};

fn after(requests: &[&str], catalog: &Catalog) -> Vec<String> {
    let mut found: Vec<String> = follow_ups(&denied(&api(), requests), catalog)
        .iter()
        .map(|denied| {
            let Target::Resource(target) = &denied.request.target else { return String::new() };
            let words = [&*denied.request.verb, &*target.combined(), &target.group, &target.name];
            words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    found.sort();
    found
}

const EVENTS: [&str; 4] =
    ["create events", "create events events.k8s.io", "patch events", "patch events events.k8s.io"];

fn election(lock: &[&'static str], namespace: &str) -> Vec<&'static str> {
    let events = EVENTS.iter().filter(|_| namespace != "kube-node-lease");
    let mut requests: Vec<&str> = lock.iter().chain(events).copied().collect();
    requests.sort_unstable();
    requests
}

#[test]
fn leases_and_locks_are_followed_by_the_requests_of_an_election() {
    let catalog = Catalog::default();
    let lease = "leases.coordination.k8s.io";
    let rest = |own: &str| -> Vec<&'static str> {
        [
            ("create", "create leases coordination.k8s.io"),
            ("get", "get leases coordination.k8s.io op"),
            ("update", "update leases coordination.k8s.io op"),
        ]
        .into_iter()
        .filter(|(verb, _)| *verb != own)
        .map(|(_, shown)| shown)
        .collect()
    };
    for verb in ["get", "update", "patch"] {
        for namespace in ["shop", "kube-node-lease"] {
            let asked = format!("{verb} {lease} in {namespace} name op");
            let expected = election(&rest(verb), namespace);
            assert_eq!(after(&[&asked], &catalog), expected, "{asked}");
        }
    }
    assert_eq!(after(&[&format!("delete {lease} in shop name op")], &catalog), [""; 0]);
    for (verb, resource, name, is_lock) in [
        ("get", "configmaps", "op-leader", true),
        ("update", "configmaps", "Op-Election", true),
        ("create", "configmaps", "op-lock", true),
        ("get", "endpoints", "op-leader", true),
        ("patch", "configmaps", "op-leader", false),
        ("get", "configmaps", "settings", false),
        ("get", "secrets", "op-leader", false),
    ] {
        let asked = format!("{verb} {resource} in shop name {name}");
        let found = after(&[&asked], &catalog);
        assert_eq!(found.iter().any(|request| request == "create events"), is_lock, "{asked}");
        assert_eq!(found.is_empty(), !is_lock, "{asked}");
    }
}

#[test]
fn informers_and_recorders_are_followed_by_their_other_verbs() {
    let catalog = Catalog::default();
    for (asked, expected) in [
        (&["list pods in shop"][..], &["watch pods"][..]),
        (&["watch pods in shop"], &["list pods"]),
        (&["list pods in shop", "watch pods in shop"], &[]),
        (&["list pods/log in shop"], &[]),
        (&["watch pods/log in shop"], &[]),
        (&["get pods in shop"], &[]),
        (&["list pods.metrics.k8s.io in shop"], &[]),
        (&["create events in shop"], &["patch events"]),
        (&["patch events in shop name a"], &["create events", "patch events"]),
        (&["create events.events.k8s.io in shop"], &["patch events events.k8s.io"]),
        (&["create events.example.com in shop"], &[]),
        (&["get /metrics"], &[]),
    ] {
        assert_eq!(after(asked, &catalog), expected, "{asked:?}");
    }
}

#[test]
fn verbs_that_a_resource_does_not_have_do_not_follow() {
    let mut builder = CatalogBuilder::new();
    for (resource, verbs) in [("pods", vec!["list", "watch"]), ("nodes", vec!["list"])] {
        builder.add(ServedResource {
            group: "".into(),
            resource: resource.into(),
            singular: "".into(),
            kind: resource.into(),
            namespaced: true,
            short_names: vec![],
            verbs: verbs.into_iter().map(Into::into).collect(),
            subresources: vec![],
            is_virtual: false,
        });
    }
    let catalog = builder.build();
    assert_eq!(after(&["list pods in shop"], &catalog), ["watch pods"]);
    assert_eq!(after(&["list nodes"], &catalog), [""; 0]);
    assert_eq!(after(&["list widgets in shop"], &catalog), ["watch widgets"]);
}
