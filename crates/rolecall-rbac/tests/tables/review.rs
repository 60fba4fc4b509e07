use rolecall_rbac::{Authorizer, Identity, NamespaceSelection, Problem, Request, ResourceRequest};
use rolecall_testing::api::{add, builder};
use rolecall_testing::cluster::cluster;
use serde_json::{Value, json};

fn get(resource: &str, namespace: &str) -> Request {
    let target = ResourceRequest {
        namespace: namespace.into(),
        resource: resource.into(),
        ..ResourceRequest::default()
    };
    Request::resource("get", target)
}

fn authorizer() -> Authorizer {
    let inventory = cluster(
        "ClusterRole a: get pods; get /metrics
         ClusterRole system:node: get nodes; list pods
         Role blue/b: get pods; list secrets
         one: a -> user/jane, group/devs
         two: a -> sa/blue:app in blue, red
         three: b -> user/jane, sa/blue:app in blue
         account: blue/app
         account: blue/web
         account: red/app",
    );
    let mut builder = inventory.into_builder();
    let dangling = |namespace: &str, name: &str, kind: &str, subjects: Value| {
        let of = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
        json!({"kind": of, "metadata": {"namespace": namespace, "name": name},
            "roleRef": {"kind": kind, "name": "lost"}, "subjects": subjects})
    };
    let jane = json!([{"kind": "User", "name": "jane"}]);
    for object in [
        dangling("", "lost", "ClusterRole", jane.clone()),
        dangling("", "no-namespace", "Role", jane.clone()),
        dangling("blue", "lost", "Role", jane.clone()),
        dangling("red", "lost", "Role", jane.clone()),
        dangling("red", "odd", "Odd", jane),
        dangling("red", "no-subject", "Role", json!([])),
    ] {
        add(&mut builder, &object);
    }
    Authorizer::new(builder.build())
}

#[test]
fn bindings_apply_everywhere_or_in_their_namespace() {
    let authorizer = authorizer();
    let bound = |identity: &Identity, namespace: Option<&str>| -> String {
        let found = match namespace {
            Some(namespace) => authorizer.bindings_in(identity, namespace),
            None => authorizer.bindings_of(identity),
        };
        let row = |it: &rolecall_rbac::BoundRole<'_>| {
            let role = match it.role {
                Ok(role) => &*role.metadata.name,
                Err(Problem::RoleNotFound { .. }) => "missing",
                Err(Problem::UnsupportedRoleKind { .. }) => "unsupported",
            };
            format!("{}/{}:{role}", it.binding.metadata.namespace, it.binding.metadata.name)
        };
        found.iter().map(row).collect::<Vec<_>>().join(" ")
    };
    let jane = Identity::user("jane");
    let app = Identity::service_account("blue", "app");
    for (identity, namespace, expected) in [
        (&jane, Some(""), "/lost:missing /no-namespace:missing /one:a"),
        (
            &jane,
            Some("blue"),
            "/lost:missing /no-namespace:missing /one:a blue/lost:missing blue/three:b",
        ),
        (
            &jane,
            Some("red"),
            "/lost:missing /no-namespace:missing /one:a red/lost:missing red/odd:unsupported",
        ),
        (&jane, Some("green"), "/lost:missing /no-namespace:missing /one:a"),
        (
            &jane,
            None,
            "/lost:missing /no-namespace:missing /one:a blue/lost:missing blue/three:b \
             red/lost:missing red/odd:unsupported",
        ),
        (&app, None, "blue/three:b blue/two:a red/two:a"),
        (&app, Some("red"), "red/two:a"),
        (&app, Some(""), ""),
        (&Identity::group("devs"), None, "/one:a"),
        (&Identity::user("bob"), None, ""),
    ] {
        assert_eq!(bound(identity, namespace), expected, "{} {namespace:?}", identity.user);
    }
}

#[test]
fn a_rules_review_lists_rules_in_order_and_dangling_references() {
    let authorizer = authorizer();
    let review = authorizer.rules_for(&Identity::user("jane"), "blue");
    let rows: Vec<String> = review
        .rules
        .iter()
        .map(|it| {
            format!("{} {} {}", it.binding.metadata.name, it.role.metadata.name, it.rule_index)
        })
        .collect();
    assert_eq!(rows, ["one a 0", "one a 1", "three b 0", "three b 1"]);
    assert_eq!(&*review.rules[3].rule.resources[0], "secrets");
    assert_eq!(&*review.rules[3].subject.name, "jane");
    let mut problems: Vec<String> = review.problems.iter().map(ToString::to_string).collect();
    problems.sort();
    assert_eq!(
        problems,
        [
            "clusterrole.rbac.authorization.k8s.io \"lost\" not found",
            "role.rbac.authorization.k8s.io \"lost\" not found",
            "role.rbac.authorization.k8s.io \"lost\" not found",
        ]
    );
    assert_eq!(review.gaps, []);
}

#[test]
fn a_role_lists_the_bindings_that_refer_to_it() {
    let authorizer = authorizer();
    for (namespace, name, expected) in [
        ("", "a", "/one blue/two red/two"),
        ("blue", "b", "blue/three"),
        ("", "system:node", ""),
        ("red", "b", ""),
        // Roles that do not exist.
        ("", "lost", "/lost"),
        ("blue", "lost", "blue/lost"),
        ("red", "lost", "red/lost red/no-subject"),
        ("green", "lost", ""),
        ("", "other", ""),
    ] {
        let found: Vec<String> = authorizer
            .bindings_to(namespace, name)
            .iter()
            .map(|it| format!("{}/{}", it.metadata.namespace, it.metadata.name))
            .collect();
        assert_eq!(found.join(" "), expected, "{namespace}/{name}");
    }
}

#[test]
fn a_reverse_lookup_lists_subjects_by_namespace() {
    let authorizer = authorizer();
    let each = NamespaceSelection::Each;
    let of_request = NamespaceSelection::OfRequest;
    for (request, selection, expected, problems) in [
        (
            get("pods", "blue"),
            &of_request,
            "jane@ devs@ jane@blue system:serviceaccount:blue:app@blue system:serviceaccount:blue:app@blue",
            3,
        ),
        (get("pods", "red"), &of_request, "jane@ devs@ system:serviceaccount:blue:app@red", 4),
        (get("pods", ""), &of_request, "jane@ devs@", 2),
        (get("pods", "green"), &of_request, "jane@ devs@", 2),
        (
            get("pods", "green"),
            &each,
            "jane@ devs@ jane@blue system:serviceaccount:blue:app@blue \
             system:serviceaccount:blue:app@blue system:serviceaccount:blue:app@red",
            5,
        ),
        (get("services", "blue"), &each, "", 5),
        (Request::path("get", "/metrics"), &of_request, "jane@ devs@", 2),
        // URLs through a RoleBinding have no effect.
        (Request::path("get", "/metrics"), &each, "jane@ devs@", 5),
        (Request::path("post", "/metrics"), &each, "", 5),
        (Request::path("get", "/healthz"), &each, "", 5),
    ] {
        let found = authorizer.who_can(&request, selection);
        let holders: Vec<String> = found
            .holders
            .iter()
            .map(|holder| format!("{}@{}", holder.name(), holder.namespace))
            .collect();
        assert_eq!(holders.join(" "), expected, "{request} {selection:?}");
        assert_eq!(found.problems.len(), problems, "{request} {selection:?}");
    }
}

#[test]
fn subjects_that_match_nobody_hold_nothing() {
    let subjects = json!([
        {"kind": "ServiceAccount", "name": "app"},
        {"kind": "Robot", "name": "r2"},
        {"kind": "ServiceAccount", "namespace": "shop", "name": "app"},
        {"kind": "ServiceAccount", "namespace": "shop", "name": "app"},
    ]);
    let inventory = builder(&[
        json!({"kind": "ClusterRole", "metadata": {"name": "r"},
            "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}),
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": subjects}),
    ]);
    let authorizer = Authorizer::new(inventory.build());
    let found = authorizer.who_can(&get("pods", "shop"), &NamespaceSelection::OfRequest);
    let holders: Vec<String> = found.holders.iter().map(|it| it.name().to_string()).collect();
    assert_eq!(holders, ["system:serviceaccount:shop:app"]);
}

#[test]
fn the_rules_of_nodes_are_those_of_their_default_role() {
    let authorizer = authorizer();
    let verbs = |request: &Request| authorizer.rule_of_nodes(request).map(|rule| &*rule.verbs[0]);
    assert_eq!(verbs(&get("nodes", "")), Some("get"));
    assert_eq!(verbs(&get("pods", "blue")), None);
    let without = Authorizer::new(cluster("ClusterRole a: get nodes"));
    assert_eq!(without.rule_of_nodes(&get("nodes", "")), None);
}

#[test]
fn groups_of_service_accounts_have_known_members() {
    let authorizer = authorizer();
    for (group, expected) in [
        ("system:serviceaccounts", 3),
        ("system:authenticated", 3),
        ("system:serviceaccounts:blue", 2),
        ("system:serviceaccounts:red", 1),
        ("system:serviceaccounts:green", 0),
        ("system:serviceaccount:blue", 0),
        ("devs", 0),
    ] {
        assert_eq!(authorizer.members(group).len(), expected, "{group}");
    }
}
