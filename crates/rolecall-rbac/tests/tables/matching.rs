use rolecall_rbac::{Identity, Metadata, Request, ResourceRequest, rule_allows, subject_matches};
use serde_json::json;

use rolecall_testing::api::{authorizer, rule, subject};

/// Parses `GROUP RESOURCE[/SUBRESOURCE] NAME`, where `-` is the empty string.
fn request(verb: &str, target: &str) -> Request {
    let words: Vec<&str> =
        target.split(' ').map(|word| if word == "-" { "" } else { word }).collect();
    let (resource, subresource) = words[1].split_once('/').unwrap_or((words[1], ""));
    Request::resource(
        verb,
        ResourceRequest {
            namespace: "shop".into(),
            group: words[0].into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: words[2].into(),
        },
    )
}

/// Each row is decided by the matcher and by the index, which must agree.
#[track_caller]
fn check(rule_value: serde_json::Value, request: &Request, expected: bool) {
    assert_eq!(rule_allows(&rule(&rule_value), request), expected, "{rule_value} {request:?}");
    let objects = [
        json!({"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [rule_value]}),
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
    ];
    let authorizer = authorizer(&objects);
    let decision = authorizer.authorize(&Identity::user("jane"), request);
    assert_eq!(decision.verdict.is_allowed(), expected, "{rule_value} {request:?}");
}

#[test]
fn a_rule_allows_a_resource_request_that_matches_in_every_dimension() {
    for (verbs, groups, resources, names, verb, target, expected) in [
        ("get", "", "pods", "", "get", "- pods -", true),
        ("get", "", "pods", "", "list", "- pods -", false),
        ("*", "", "pods", "", "list", "- pods -", true),
        ("get", "apps", "pods", "", "get", "- pods -", false),
        ("get", "*", "pods", "", "get", "apps pods -", true),
        ("get", "", "*", "", "get", "- pods -", true),
        ("get", "", "*", "", "get", "- pods/log -", true),
        ("get", "", "pods", "", "get", "- pods/log -", false),
        ("get", "", "pods/log", "", "get", "- pods -", false),
        ("get", "", "pods/log", "", "get", "- pods/log -", true),
        ("get", "", "*/log", "", "get", "- pods/log -", true),
        ("get", "", "*/log", "", "get", "- pods/status -", false),
        ("get", "", "*/log", "", "get", "- log -", false),
        ("get", "", "pods/*", "", "get", "- pods/log -", false),
        ("get", "", "podsxlog", "", "get", "- pods/log -", false),
        ("get", "", "nodes", "", "get", "- pods -", false),
        ("get", "", "nodes,pods", "", "get", "- pods -", true),
        ("get", "", "pods", "web", "get", "- pods web", true),
        ("get", "", "pods", "web", "get", "- pods db", false),
        ("get", "", "pods", "web", "get", "- pods -", false),
        ("get", "", "pods", "web,db", "get", "- pods db", true),
        ("get", "", "pods", "", "get", "- pods web", true),
    ] {
        let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let names = if names.is_empty() { vec![] } else { list(names) };
        let value = json!({"verbs": list(verbs), "apiGroups": list(groups),
            "resources": list(resources), "resourceNames": names});
        check(value, &request(verb, target), expected);
    }
}

#[test]
fn a_rule_allows_a_path_that_equals_one_or_has_its_prefix() {
    for (verb, url, path, expected) in [
        ("get", "/a", "/a", true),
        ("get", "/a", "/a/", false),
        ("get", "/a/*", "/a/b", true),
        ("get", "/a/*", "/b", false),
        ("get", "/a*", "/ab", true),
        ("get", "*", "/a", true),
        ("*", "/a", "/a", true),
        ("post", "/a", "/a", false),
        ("get", "/*/a", "/b/a", false),
    ] {
        let value = json!({"verbs": [verb], "nonResourceURLs": [url]});
        check(value, &Request::path("get", path), expected);
    }
    // Resources do not match paths, and paths do not match resources.
    let resources = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]});
    check(resources, &Request::path("get", "/a"), false);
    let urls = json!({"verbs": ["*"], "nonResourceURLs": ["*"]});
    check(urls, &request("get", "- pods -"), false);
}

#[test]
fn a_subject_matches_by_kind_name_and_effective_namespace() {
    let account = Identity::service_account("shop", "web");
    let jane = Identity::user("jane").with_group("devs");
    for (kind, namespace, name, binding, identity, expected) in [
        ("User", "", "jane", "", &jane, true),
        ("User", "", "bob", "", &jane, false),
        ("User", "", "devs", "", &jane, false),
        ("Group", "", "devs", "", &jane, true),
        ("Group", "", "jane", "", &jane, false),
        ("Group", "", "system:serviceaccounts:shop", "", &account, true),
        ("ServiceAccount", "shop", "web", "", &account, true),
        ("ServiceAccount", "", "web", "shop", &account, true),
        ("ServiceAccount", "", "web", "other", &account, false),
        ("ServiceAccount", "shop", "web", "other", &account, true),
        ("ServiceAccount", "", "web", "", &account, false),
        ("ServiceAccount", "shop", "db", "", &account, false),
        ("ServiceAccount", "sho", "p:web", "", &account, false),
        ("ServiceAccount", "shop", "web", "", &jane, false),
        ("User", "", "system:serviceaccount:shop:web", "", &account, true),
        ("Node", "", "jane", "", &jane, false),
    ] {
        let subject = subject(&json!({"kind": kind, "namespace": namespace, "name": name}));
        let found = subject_matches(&subject, &Metadata::new(binding, "b"), identity);
        assert_eq!(found, expected, "{kind} {namespace}/{name} in {binding:?}");
    }
}

#[test]
fn a_role_binding_grants_in_its_namespace_only() {
    let objects = |kind: &str, role_kind: &str| {
        let namespace = if kind == "RoleBinding" { "shop" } else { "" };
        let role_namespace = if role_kind == "Role" { "shop" } else { "" };
        [
            json!({"kind": role_kind, "metadata": {"namespace": role_namespace, "name": "r"},
                "rules": [{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]}),
            json!({"kind": kind, "metadata": {"namespace": namespace, "name": "b"},
                "roleRef": {"kind": role_kind, "name": "r"},
                "subjects": [{"kind": "User", "name": "jane"}]}),
        ]
    };
    for (kind, role_kind, namespace, expected) in [
        ("RoleBinding", "Role", "shop", true),
        ("RoleBinding", "Role", "other", false),
        ("RoleBinding", "Role", "", false),
        ("RoleBinding", "ClusterRole", "shop", true),
        ("RoleBinding", "ClusterRole", "", false),
        ("ClusterRoleBinding", "ClusterRole", "shop", true),
        ("ClusterRoleBinding", "ClusterRole", "", true),
        // A Role has a namespace, which this reference does not name.
        ("ClusterRoleBinding", "Role", "shop", false),
    ] {
        let authorizer = authorizer(&objects(kind, role_kind));
        let target = ResourceRequest {
            namespace: namespace.into(),
            resource: "pods".into(),
            ..ResourceRequest::default()
        };
        let request = Request::resource("get", target);
        let jane = authorizer.authorize(&Identity::user("jane"), &request);
        assert_eq!(jane.verdict.is_allowed(), expected, "{kind} {role_kind} {namespace:?}");
        assert!(!authorizer.authorize(&Identity::user("bob"), &request).verdict.is_allowed());
        let master = Identity::user("bob").with_group("system:masters");
        assert!(authorizer.authorize(&master, &request).verdict.is_allowed());
    }
}
