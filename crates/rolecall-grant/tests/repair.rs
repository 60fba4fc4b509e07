//! Repairs: one wrong word is found and corrected, unless something depends on it.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use rolecall_grant::{Effort, Risky, Step, repair};
use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource};
use serde_json::{Value, json};
use support::{api, authorizer, binding, denied, role};

const EFFORT: Effort = Effort { denials: 20, corrections: 20 };

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    for (group, resource, singular) in
        [("", "pods", "pod"), ("apps", "deployments", "deployment"), ("", "secrets", "secret")]
    {
        builder.add(ServedResource {
            group: group.into(),
            resource: resource.into(),
            singular: singular.into(),
            kind: "".into(),
            namespaced: true,
            short_names: Vec::new(),
            verbs: ["get", "list", "watch"].map(Into::into).to_vec(),
            subresources: Vec::new(),
            is_virtual: false,
        });
    }
    builder.build()
}

fn rule(group: &str, resource: &str, verb: &str) -> Value {
    json!([{"apiGroups": [group], "resources": [resource], "verbs": [verb]}])
}

fn account(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "metadata": {"namespace": namespace, "name": name}})
}

fn bound(subject: Value, role: (&str, &str)) -> Value {
    let mut object = binding("shop", "b", role, &[]);
    object["subjects"] = json!([subject]);
    object
}

/// Returns the corrections for requests of `sa/shop:api`, as `path: from -> to`.
fn repaired(objects: &[Value], requests: &[&str]) -> Vec<String> {
    let found =
        repair(&authorizer(objects), &denied(&api(), requests), &catalog(), Risky::Refused, EFFORT);
    assert_eq!(found.left.is_empty(), !found.repairs.is_empty(), "{found:?}");
    found
        .repairs
        .iter()
        .map(|repair| {
            assert!(repair.answers.iter().all(|answer| answer.after.is_allowed()));
            let path: String = repair
                .word
                .field
                .iter()
                .map(|step| match step {
                    Step::Key(key) => format!("/{key}"),
                    Step::Index(index) => format!("/{index}"),
                })
                .collect();
            format!("{path}: {} -> {}", repair.word.from, repair.word.to)
        })
        .collect()
}

#[test]
fn wrong_words_are_found_in_every_field() {
    let sa = |namespace: &str, name: &str| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    let pods = || role("shop", "r", rule("", "pods", "list"));
    let right = || bound(sa("shop", "api"), ("Role", "r"));
    let rows: Vec<(Vec<Value>, &str, &str)> = vec![
        (
            vec![pods(), bound(sa("shp", "api"), ("Role", "r"))],
            "list pods in shop",
            "/subjects/0/namespace: shp -> shop",
        ),
        (
            vec![pods(), bound(sa("shop", "Api"), ("Role", "r"))],
            "list pods in shop",
            "/subjects/0/name: Api -> api",
        ),
        (
            vec![
                pods(),
                bound(json!({"kind": "User", "namespace": "shop", "name": "api"}), ("Role", "r")),
            ],
            "list pods in shop",
            "/subjects/0/kind: User -> ServiceAccount",
        ),
        (
            vec![pods(), bound(sa("shop", "api"), ("Role", "rr"))],
            "list pods in shop",
            "/roleRef/name: rr -> r",
        ),
        (
            vec![pods(), bound(sa("shop", "api"), ("ClusterRole", "r"))],
            "list pods in shop",
            "/roleRef/kind: ClusterRole -> Role",
        ),
        (
            vec![role("shop", "r", rule("", "pods", "lst")), right()],
            "list pods in shop",
            "/rules/0/verbs/0: lst -> list",
        ),
        (
            vec![role("shop", "r", rule("", "pod", "list")), right()],
            "list pods in shop",
            "/rules/0/resources/0: pod -> pods",
        ),
        (
            vec![role("shop", "r", rule("", "deployments", "list")), right()],
            "list deployments.apps in shop",
            "/rules/0/apiGroups/0:  -> apps",
        ),
    ];
    for (objects, request, expected) in rows {
        let mut objects = objects;
        objects.push(account("shop", "api"));
        assert_eq!(repaired(&objects, &[request]), [expected], "{objects:?}");
    }
}

#[test]
fn words_that_others_depend_on_are_not_changed() {
    let sa = |namespace: &str, name: &str| json!({"kind": "ServiceAccount", "namespace": namespace, "name": name});
    let pods = role("shop", "r", rule("", "pods", "list"));
    let rows: Vec<Vec<Value>> = vec![
        // Both ServiceAccounts exist.
        vec![pods.clone(), bound(sa("back", "api"), ("Role", "r")), account("back", "api")],
        vec![pods.clone(), bound(sa("shop", "Api"), ("Role", "r")), account("shop", "Api")],
        // A verb that is not a mistake.
        vec![role("shop", "r", rule("", "pods", "get")), bound(sa("shop", "api"), ("Role", "r"))],
        // The rest of its effect is refused by default.
        vec![
            role("shop", "r", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
            bound(sa("shp", "api"), ("Role", "r")),
        ],
    ];
    for objects in rows {
        assert_eq!(repaired(&objects, &["list pods in shop"]), [""; 0], "{objects:?}");
    }
}

#[test]
fn other_access_from_a_correction_is_reported() {
    let rules = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]);
    let subject = json!({"kind": "ServiceAccount", "namespace": "shp", "name": "api"});
    let objects = [role("shop", "r", rules), bound(subject, ("Role", "r"))];
    let denied = denied(&api(), &["list pods in shop"]);
    let found = repair(&authorizer(&objects), &denied, &catalog(), Risky::Refused, EFFORT);
    let [repair] = &found.repairs[..] else { panic!("{found:?}") };
    assert_eq!(repair.gained.len(), 1);
    assert_eq!(&*repair.gained[0].rules[0].verbs[0], "get");
}
