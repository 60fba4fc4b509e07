use rolecall_grant::{Effort, Repairs, Risky, Step, repair};
use rolecall_rbac::{Catalog, CatalogBuilder, ServedResource};
use rolecall_testing::api::builder;
use serde_json::{Value, json};

use crate::support::{api, binding, denied, role};

const EFFORT: Effort = Effort { denials: 20, corrections: 20 };

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    for (group, resource, singular) in [
        ("", "pods", "pod"),
        ("apps", "deployments", "deployment"),
        ("", "secrets", "secret"),
        ("example.com", "widgets", "widget"),
    ] {
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

fn rules(text: &str) -> Value {
    let rule = |text: &str| {
        let (verbs, rest) = text.split_once(' ').unwrap();
        let (resources, groups) = rest.split_once(" of ").unwrap_or((rest, ""));
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        json!({"verbs": list(verbs), "apiGroups": list(groups), "resources": list(resources)})
    };
    text.split("; ").map(rule).collect()
}

fn account(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "metadata": {"namespace": namespace, "name": name}})
}

fn sa(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

fn bound(subjects: Value, role: (&str, &str)) -> Value {
    let mut object = binding("shop", "b", role, &[]);
    object["subjects"] = subjects;
    object
}

fn found(objects: &[Value], requests: &[&str], risky: Risky, effort: Effort) -> Repairs {
    let authorizer = rolecall_rbac::Authorizer::new(builder(objects).build());
    repair(&authorizer, &denied(&api(), requests), &catalog(), risky, effort)
}

/// Returns the corrections for a request of `sa/shop:api`, as `path: from -> to`.
fn corrections(objects: &[Value], requests: &[&str]) -> Vec<String> {
    let found = found(objects, requests, Risky::Refused, EFFORT);
    found
        .repairs
        .iter()
        .map(|repair| {
            let steps = repair.word.field.iter().map(|step| match step {
                Step::Key(key) => format!("/{key}"),
                Step::Index(index) => format!("/{index}"),
            });
            let path: String = steps.collect();
            format!("{path}: {} -> {}", repair.word.from, repair.word.to)
        })
        .collect()
}

#[test]
fn words_of_rules_are_corrected_where_they_match_nothing() {
    for (written, request, expected) in [
        ("lst pods", "list pods in shop", "/rules/0/verbs/0: lst -> list"),
        ("LIST pods", "list pods in shop", "/rules/0/verbs/0: LIST -> list"),
        ("get,lits pods", "list pods in shop", "/rules/0/verbs/1: lits -> list"),
        ("get secrets; lits pods", "list pods in shop", "/rules/1/verbs/0: lits -> list"),
        (
            "deletecolection pods",
            "deletecollection pods in shop",
            "/rules/0/verbs/0: deletecolection -> deletecollection",
        ),
        (
            "deletcolectio pods",
            "deletecollection pods in shop",
            "/rules/0/verbs/0: deletcolectio -> deletecollection",
        ),
        // Too different, or a verb that means something else.
        ("lxxx pods", "list pods in shop", ""),
        ("watch pods", "list pods in shop", ""),
        ("use pods", "list pods in shop", ""),
        ("list pod", "list pods in shop", "/rules/0/resources/0: pod -> pods"),
        ("list secrets,pod", "list pods in shop", "/rules/0/resources/1: pod -> pods"),
        ("list deployments", "list deployments.apps in shop", "/rules/0/apiGroups/0:  -> apps"),
        (
            "list deployments of ,batch",
            "list deployments.apps in shop",
            "/rules/0/apiGroups/0:  -> apps",
        ),
        (
            "list deployments of ap",
            "list deployments.apps in shop",
            "/rules/0/apiGroups/0: ap -> apps",
        ),
        (
            "list deployments of apxx",
            "list deployments.apps in shop",
            "/rules/0/apiGroups/0: apxx -> apps",
        ),
        (
            "list widgets of exampl.com",
            "list widgets.example.com in shop",
            "/rules/0/apiGroups/0: exampl.com -> example.com",
        ),
        // The group might serve the resource, or serves another one of the rule.
        ("list deployments of other.com", "list deployments.apps in shop", ""),
        ("list deployments of extensions", "list deployments.apps in shop", ""),
        ("list deployments,pods", "list deployments.apps in shop", ""),
    ] {
        let objects = [
            role("shop", "r", rules(written)),
            bound(json!([sa("shop", "api")]), ("Role", "r")),
            account("shop", "api"),
        ];
        assert_eq!(corrections(&objects, &[request]).join(" "), expected, "{written}");
        // Rules that a controller or the server maintains stay.
        let mut system = objects.clone();
        system[0]["metadata"]["name"] = "system:r".into();
        system[1]["roleRef"]["name"] = "system:r".into();
        assert_eq!(corrections(&system, &[request]), [""; 0], "{written}");
    }
}

#[test]
fn references_are_corrected_to_similar_roles() {
    let right = || json!([sa("shop", "api")]);
    let pods = || rules("list pods");
    for (role_of, kind, name, expected) in [
        (role("shop", "reader", pods()), "Role", "raeder", "/roleRef/name: raeder -> reader"),
        (role("", "reader", pods()), "ClusterRole", "raeder", "/roleRef/name: raeder -> reader"),
        (role("", "reader", pods()), "Role", "reader", "/roleRef/kind: Role -> ClusterRole"),
        (
            role("shop", "reader", pods()),
            "ClusterRole",
            "reader",
            "/roleRef/kind: ClusterRole -> Role",
        ),
        // Two words would be wrong.
        (role("", "reader", pods()), "Role", "raeder", ""),
        // A binding cannot refer to a role of another namespace.
        (role("back", "reader", pods()), "Role", "reader", ""),
        (role("back", "reader", pods()), "Role", "raeder", ""),
        (role("shop", "reader", pods()), "Rol", "reader", "/roleRef/kind: Rol -> Role"),
        (role("shop", "reader", pods()), "role", "reader", "/roleRef/kind: role -> Role"),
        (
            role("", "reader", pods()),
            "clusterrole",
            "reader",
            "/roleRef/kind: clusterrole -> ClusterRole",
        ),
        (
            role("", "reader", pods()),
            "ClusterRol",
            "reader",
            "/roleRef/kind: ClusterRol -> ClusterRole",
        ),
        (role("shop", "reader", pods()), "Group", "reader", ""),
        // The similar role does not grant the request.
        (role("shop", "reader", rules("get secrets")), "Role", "raeder", ""),
    ] {
        let objects = [role_of, bound(right(), (kind, name)), account("shop", "api")];
        let found = corrections(&objects, &["list pods in shop"]);
        assert_eq!(found.join(" "), expected, "{kind} {name}");
    }
}

#[test]
fn subjects_are_corrected_if_nobody_has_the_written_name() {
    let pods = || role("shop", "r", rules("list pods"));
    let namespace = |name: &str| json!({"kind": "Namespace", "metadata": {"name": name}});
    for (subject, others, expected) in [
        (sa("shp", "api"), vec![], "/subjects/1/namespace: shp -> shop"),
        (sa("shp", "api"), vec![account("shp", "api")], ""),
        (sa("shp", "api"), vec![account("shp", "other")], "/subjects/1/namespace: shp -> shop"),
        (sa("shop", "API"), vec![], "/subjects/1/name: API -> api"),
        (sa("shop", "API"), vec![account("shop", "API")], ""),
        (
            json!({"kind": "User", "namespace": "shop", "name": "api"}),
            vec![],
            "/subjects/1/kind: User -> ServiceAccount",
        ),
        (
            json!({"kind": "Group", "namespace": "shop", "name": "api"}),
            vec![],
            "/subjects/1/kind: Group -> ServiceAccount",
        ),
        (json!({"kind": "User", "namespace": "", "name": "api"}), vec![], ""),
        (json!({"kind": "User", "namespace": "back", "name": "api"}), vec![], ""),
        (json!({"kind": "User", "namespace": "shop", "name": "shop:api"}), vec![], ""),
    ] {
        let other = sa("shop", "other");
        let mut objects = vec![
            pods(),
            bound(json!([other, subject.clone()]), ("Role", "r")),
            account("shop", "api"),
        ];
        objects.extend(others);
        let found = corrections(&objects, &["list pods in shop"]);
        assert_eq!(found.join(" "), expected, "{subject}");
    }
    // A namespace has a `default` account, whether it was read or not.
    for (others, is_corrected) in
        [(vec![], false), (vec![namespace("shp")], false), (vec![namespace("shop")], true)]
    {
        let mut objects = vec![pods(), bound(json!([sa("shp", "default")]), ("Role", "r"))];
        objects.extend(others.clone());
        let authorizer = rolecall_rbac::Authorizer::new(builder(&objects).build());
        let default = rolecall_rbac::Identity::service_account("shop", "default");
        let denied = denied(&default, &["list pods in shop"]);
        let found = repair(&authorizer, &denied, &catalog(), Risky::Refused, EFFORT);
        assert_eq!(!found.repairs.is_empty(), is_corrected, "{others:?}");
    }
    // A ServiceAccount without namespace in a ClusterRoleBinding matches nobody.
    let mut everywhere = binding("", "b", ("ClusterRole", "r"), &[]);
    everywhere["subjects"] = json!([{"kind": "ServiceAccount", "name": "api"}]);
    let objects = [role("", "r", rules("list pods")), everywhere];
    let found = corrections(&objects, &["list pods in shop"]);
    assert_eq!(found, ["/subjects/0/namespace:  -> shop"]);
    // Users are compared by letter case only.
    for (written, expected) in [("Jane", true), ("janet", false)] {
        let mut objects = vec![pods(), bound(json!([]), ("Role", "r"))];
        objects[1]["subjects"] = json!([{"kind": "User", "name": written}]);
        let authorizer = rolecall_rbac::Authorizer::new(builder(&objects).build());
        let jane = rolecall_rbac::Identity::user("jane");
        let denied = denied(&jane, &["list pods in shop"]);
        let found = repair(&authorizer, &denied, &catalog(), Risky::Refused, EFFORT);
        assert_eq!(!found.repairs.is_empty(), expected, "{written}");
    }
}

#[test]
fn the_correction_with_the_most_answers_and_the_least_other_access_is_chosen() {
    let subjects = json!([sa("shop", "api")]);
    let wrong = |name: &str, verbs: &str| {
        let mut binding = bound(subjects.clone(), ("Role", name));
        binding["metadata"]["name"] = name.into();
        [role("shop", name, rules(verbs)), binding]
    };
    let mut objects: Vec<Value> = vec![account("shop", "api")];
    objects.extend(wrong("a", "lits,get pods"));
    objects.extend(wrong("b", "lits pods,secrets"));
    assert_eq!(
        corrections(&objects, &["list pods in shop", "list secrets in shop"]),
        ["/rules/0/verbs/0: lits -> list"]
    );
    let both =
        found(&objects, &["list pods in shop", "list secrets in shop"], Risky::Refused, EFFORT);
    let [repair] = &both.repairs[..] else { panic!("{both:?}") };
    assert_eq!(&*repair.object.metadata().name, "b");
    assert_eq!((repair.answers.len(), repair.gained.len(), both.left.len()), (2, 0, 0));
    assert!(both.authorizer.is_some());
    let one = found(&objects, &["list pods in shop"], Risky::Refused, EFFORT);
    assert_eq!(&*one.repairs[0].object.metadata().name, "a");
    let nothing = found(&objects, &["delete pods in shop"], Risky::Refused, EFFORT);
    assert!(nothing.repairs.is_empty() && nothing.authorizer.is_none());
    assert_eq!(nothing.left.len(), 1);
    // Requests that are allowed already need no correction.
    let allowed = found(&objects, &["get pods in shop"], Risky::Refused, EFFORT);
    assert!(allowed.repairs.is_empty());
}

#[test]
fn the_search_stops_at_its_limits() {
    let objects = [
        role("shop", "r", rules("lits pods; lits secrets")),
        bound(json!([sa("shop", "api")]), ("Role", "r")),
        account("shop", "api"),
    ];
    let requests = ["list pods in shop", "list secrets in shop"];
    for (denials, corrections, expected) in
        [(20, 20, 2), (1, 20, 2), (0, 20, 0), (20, 0, 0), (20, 1, 1)]
    {
        let effort = Effort { denials, corrections };
        let found = found(&objects, &requests, Risky::Refused, effort);
        assert_eq!(found.repairs.len(), expected, "{effort:?}");
        assert_eq!(found.left.len(), 2 - expected, "{effort:?}");
    }
}

#[test]
fn risky_corrections_need_consent() {
    let token = "get secrets; crate serviceaccounts/token";
    let objects = |written: &str, subject: Value| {
        [
            role("shop", "r", rules(written)),
            bound(json!([subject]), ("Role", "r")),
            account("shop", "api"),
        ]
    };
    for (objects, request) in [
        // The request itself, and the rest of the corrected object.
        (objects(token, sa("shop", "api")), "create serviceaccounts/token in shop"),
        (objects("list pods; create serviceaccounts/token", sa("shp", "api")), "list pods in shop"),
    ] {
        for (risky, expected) in [(Risky::Refused, 0), (Risky::Granted, 1)] {
            let found = found(&objects, &[request], risky, EFFORT);
            assert_eq!(found.repairs.len(), expected, "{request} {risky:?}");
        }
    }
}
