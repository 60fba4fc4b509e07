use rolecall_rbac::{
    Catalog, CatalogBuilder, Identity, NearMissKind, Request, ResourceRequest, ServedResource,
};
use serde_json::{Value, json};

use rolecall_testing::api::authorizer;

fn catalog() -> Catalog {
    let mut builder = CatalogBuilder::new();
    for (group, resource, kind, short) in
        [("", "pods", "Pod", "po"), ("apps", "deployments", "Deployment", "deploy")]
    {
        builder.add(ServedResource {
            group: group.into(),
            resource: resource.into(),
            singular: kind.to_lowercase().into(),
            kind: kind.into(),
            namespaced: true,
            short_names: vec![short.into()],
            verbs: vec!["get".into()],
            subresources: vec![],
            is_virtual: false,
        });
    }
    builder.build()
}

/// Returns the kinds of near misses, without roles that nothing binds.
fn kinds(rule: Value, subject: Value, identity: &Identity, request: &Request) -> Vec<String> {
    let authorizer = authorizer(&[
        json!({"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [rule]}),
        json!({"kind": "ClusterRoleBinding", "metadata": {"name": "b"},
            "roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": [subject]}),
    ]);
    authorizer
        .near_misses(identity, request, &catalog())
        .into_iter()
        .filter(|miss| miss.kind != NearMissKind::Unbound)
        .map(|miss| match miss.kind {
            NearMissKind::Subject(resemblance) => format!("{resemblance:?}"),
            kind => kind.as_str().to_owned(),
        })
        .collect()
}

fn request(group: &str, resource: &str, name: &str) -> Request {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    Request::resource(
        "get",
        ResourceRequest {
            namespace: "shop".into(),
            group: group.into(),
            resource: resource.into(),
            subresource: subresource.into(),
            name: name.into(),
        },
    )
}

#[test]
fn exactly_one_dimension_may_differ() {
    let user = json!({"kind": "User", "name": "jane"});
    let jane = Identity::user("jane");
    for (verb, group, resource, name, expected) in [
        ("get", "apps", "deployments", "", &[][..]),
        ("list", "apps", "deployments", "", &["verb"]),
        ("get", "", "deployments", "", &["group"]),
        ("get", "", "*", "", &[]),
        ("list", "", "deployments", "", &[]),
        ("get", "apps", "deployments", "db", &["name"]),
        ("list", "apps", "deployments", "db", &[]),
        ("get", "", "deployments", "db", &[]),
        ("get", "apps", "deployment", "", &["resource-spelling"]),
        ("get", "", "deployment", "", &["resource-spelling"]),
        ("get", "apps", "deployment", "db", &[]),
        ("list", "apps", "deployment", "", &[]),
        ("get", "apps", "deploy", "", &["resource-spelling"]),
        ("get", "apps", "Deployments", "", &["resource-spelling"]),
        ("get", "apps", "deploymentz", "", &["resource-spelling"]),
        ("get", "apps", "deploymzntz", "", &[]),
        ("get", "apps", "pods", "", &[]),
        ("get", "apps", "deployments/*", "", &["resource-spelling"]),
        ("get", "apps", "*/*", "", &["resource-spelling"]),
        ("get", "apps", "pods/*", "", &[]),
        ("get", "apps", "deployments/scale", "", &["only-subresource"]),
    ] {
        let names: Vec<&str> = Some(name).filter(|name| !name.is_empty()).into_iter().collect();
        let rule = json!({"verbs": [verb], "apiGroups": [group], "resources": [resource], "resourceNames": names});
        let asked = request("apps", "deployments", "web");
        let found = kinds(rule, user.clone(), &jane, &asked);
        assert_eq!(found, expected, "{verb} {resource}.{group} {name}");
    }
}

#[test]
fn subresources_differ_in_two_directions() {
    let user = json!({"kind": "User", "name": "jane"});
    let jane = Identity::user("jane");
    for (written, asked, expected) in [
        ("pods", "pods/log", &["subresource-missing"][..]),
        ("pods/log", "pods", &["only-subresource"]),
        ("pods/log", "pods/status", &[]),
        ("pod/log", "pods/log", &["resource-spelling"]),
        ("pod/log", "pods/status", &[]),
        ("pod", "pods/log", &[]),
        ("pods/*", "pods/log", &["resource-spelling"]),
    ] {
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": [written]});
        let found = kinds(rule, user.clone(), &jane, &request("", asked, ""));
        assert_eq!(found, expected, "{written} {asked}");
    }
}

#[test]
fn paths_differ_by_verb_or_by_a_trailing_part() {
    let user = json!({"kind": "User", "name": "jane"});
    let jane = Identity::user("jane");
    for (verb, url, expected) in [
        ("get", "/metrics", &[][..]),
        ("post", "/metrics", &["verb"]),
        ("get", "/metrics/", &["url"]),
        ("get", "/metrics/*", &["url"]),
        ("get", "/logs", &[]),
        ("post", "/metrics/", &[]),
    ] {
        let rule = json!({"verbs": [verb], "nonResourceURLs": [url]});
        let found = kinds(rule, user.clone(), &jane, &Request::path("get", "/metrics"));
        assert_eq!(found, expected, "{verb} {url}");
    }
}

#[test]
fn subjects_that_resemble_an_identity_are_near() {
    let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]});
    let account = Identity::service_account("shop", "frontend");
    let jane = Identity::user("janedoe").with_group("devs");
    let short = Identity::user("bob");
    for (identity, kind, namespace, name, expected) in [
        (&account, "ServiceAccount", "shop", "Frontend", &["LetterCase"][..]),
        (&account, "ServiceAccount", "shop", "frontnd", &["Spelling"]),
        (&account, "ServiceAccount", "shop", "frontxyd", &["Spelling"]),
        (&account, "ServiceAccount", "shop", "froxyzd", &[]),
        (&account, "ServiceAccount", "shop", "frontendxx", &["Spelling"]),
        (&account, "ServiceAccount", "shop", "frontendxxx", &[]),
        (&account, "ServiceAccount", "other", "frontend", &["OtherNamespace"]),
        (&account, "ServiceAccount", "other", "frontnd", &[]),
        (&account, "ServiceAccount", "", "frontend", &["NamespaceMissing"]),
        (&account, "ServiceAccount", "", "frontnd", &[]),
        (&account, "User", "", "frontend", &["OtherKind"]),
        (&account, "User", "", "shop:frontend", &["OtherKind"]),
        (&account, "User", "", "system:serviceaccount:frontend", &["OtherKind"]),
        (&account, "User", "", "system:serviceaccounts:shop:frontend", &["OtherKind"]),
        (&account, "User", "", "system:serviceaccount:shop:FRONTEND", &["LetterCase"]),
        (&account, "User", "", "system:serviceaccount:shop:frontnd", &[]),
        (&account, "Group", "", "system:serviceaccount:shop:frontend", &["OtherKind"]),
        (&account, "Group", "", "system:serviceaccount:shop:Frontend", &[]),
        (&account, "Group", "", "others", &[]),
        (&jane, "User", "", "JaneDoe", &["LetterCase"]),
        (&jane, "User", "", "janedoes", &["Spelling"]),
        (&jane, "User", "", "janedoexy", &[]),
        (&jane, "User", "", "devs", &["OtherKind"]),
        (&jane, "Group", "", "janedoe", &["OtherKind"]),
        (&jane, "Group", "", "Devs", &["LetterCase"]),
        (&jane, "Group", "", "dev", &[]),
        (&jane, "ServiceAccount", "shop", "janedoe", &["OtherKind"]),
        (&jane, "ServiceAccount", "shop", "jane", &[]),
        (&short, "User", "", "rob", &[]),
    ] {
        let subject = json!({"kind": kind, "namespace": namespace, "name": name});
        let found = kinds(rule.clone(), subject, identity, &request("", "pods", ""));
        assert_eq!(found, expected, "{kind} {namespace}/{name} for {}", identity.user);
    }
}

#[test]
fn a_similar_subject_is_reported_only_if_its_binding_would_grant_the_request() {
    let rule = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    let role = |kind: &str, namespace: &str| {
        json!({"kind": kind, "rules": rule,
        "metadata": {"namespace": namespace, "name": "r"}})
    };
    let bind = |namespace: &str, role_kind: &str, managed: bool| {
        let kind = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
        let labels =
            if managed { json!({"app.kubernetes.io/managed-by": "rolecall"}) } else { json!({}) };
        json!({"kind": kind, "metadata": {"namespace": namespace, "name": "b", "labels": labels},
            "roleRef": {"kind": role_kind, "name": "r"},
            "subjects": [{"kind": "User", "name": "Jane"}]})
    };
    for (role, binding, expected) in [
        (role("ClusterRole", ""), bind("", "ClusterRole", false), true),
        (role("ClusterRole", ""), bind("shop", "ClusterRole", false), true),
        (role("ClusterRole", ""), bind("other", "ClusterRole", false), false),
        (role("Role", "shop"), bind("shop", "Role", false), true),
        (role("Role", "other"), bind("other", "Role", false), false),
        // A generated binding is for its subject.
        (role("ClusterRole", ""), bind("", "ClusterRole", true), false),
    ] {
        let authorizer = authorizer(&[role, binding.clone()]);
        let misses =
            authorizer.near_misses(&Identity::user("jane"), &request("", "pods", ""), &catalog());
        let is_found = misses.iter().any(|miss| matches!(miss.kind, NearMissKind::Subject(_)));
        assert_eq!(is_found, expected, "{binding}");
    }
}

#[test]
fn a_dangling_reference_is_reported_where_its_binding_would_count() {
    for (namespace, kind, asked_in, expected) in [
        ("", "ClusterRole", "shop", &["role-not-found"][..]),
        ("", "ClusterRole", "", &["role-not-found"]),
        ("shop", "Role", "shop", &["role-not-found"]),
        ("shop", "Role", "other", &[]),
        ("shop", "Role", "", &[]),
        ("shop", "Robot", "shop", &["unsupported-role-kind"]),
        ("shop", "Robot", "other", &[]),
        ("", "Robot", "other", &["unsupported-role-kind"]),
    ] {
        let of = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
        let binding = json!({"kind": of, "metadata": {"namespace": namespace, "name": "b"},
            "roleRef": {"kind": kind, "name": "r"},
            "subjects": [{"kind": "User", "name": "jane"}]});
        let request = request("", "pods", "").in_namespace(asked_in);
        let authorizer = authorizer(&[binding]);
        let misses = authorizer.near_misses(&Identity::user("jane"), &request, &catalog());
        let kinds: Vec<&str> = misses.iter().map(|miss| miss.kind.as_str()).collect();
        assert_eq!(kinds, expected, "{of} of {kind} in {namespace:?}, asked in {asked_in:?}");
    }
}

#[test]
fn roles_are_similar_by_name_in_reach_or_by_equal_name_anywhere() {
    let role = |written: &str| {
        let (kind, path) = written.split_once('/').unwrap();
        let (namespace, name) = path.split_once('/').unwrap_or(("", path));
        json!({"kind": kind, "metadata": {"namespace": namespace, "name": name}, "rules": []})
    };
    for (wanted, roles, expected) in [
        ("reader", vec!["ClusterRole/reader"], "ClusterRole/reader"),
        ("reader", vec!["Role/other/reader"], "Role/other/reader"),
        ("reader", vec!["Role/shop/raeder"], "Role/shop/raeder"),
        ("reader", vec!["ClusterRole/readr"], "ClusterRole/readr"),
        // Not in reach of the binding.
        ("reader", vec!["Role/other/raeder"], ""),
        // Long names can differ in more letters: one, and one more for each eight.
        ("reader", vec!["Role/shop/reador2"], ""),
        ("readers", vec!["Role/shop/reador2"], ""),
        ("readers-a", vec!["Role/shop/reador2-a"], "Role/shop/reador2-a"),
        ("readers-a", vec!["Role/shop/reador2-xy"], ""),
        ("readers-of-logs-1", vec!["Role/shop/reador2-of-logs-2"], "Role/shop/reador2-of-logs-2"),
        ("readers-of-logs", vec!["Role/shop/reador2-of-logx"], ""),
        // Equal names come first, and three are enough.
        (
            "reader",
            vec!["ClusterRole/readr", "Role/a/reader", "Role/b/reader", "ClusterRole/reade"],
            "Role/a/reader Role/b/reader ClusterRole/reade",
        ),
    ] {
        let mut objects: Vec<Value> = roles.iter().map(|written| role(written)).collect();
        objects.push(json!({"kind": "RoleBinding", "metadata": {"namespace": "shop", "name": "b"},
            "roleRef": {"kind": "Role", "name": wanted},
            "subjects": [{"kind": "User", "name": "jane"}]}));
        let authorizer = authorizer(&objects);
        let misses =
            authorizer.near_misses(&Identity::user("jane"), &request("", "pods", ""), &catalog());
        let similar = misses.iter().find_map(|miss| match &miss.kind {
            NearMissKind::RoleNotFound { similar } => Some(similar.join(" ")),
            _ => None,
        });
        assert_eq!(similar.as_deref(), Some(expected), "{wanted} among {roles:?}");
    }
}
