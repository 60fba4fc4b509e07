use rolecall_rbac::{
    Authorizer, Glob, Grant, Identity, KubernetesVersion, Metadata, Request, ResourceRequest,
    Verdict, Versions, edit_distance, edit_distance_within, is_template,
};
use rolecall_testing::api::{add, builder};
use rolecall_testing::cluster::cluster;
use serde_json::{Value, json};

#[test]
fn versions_are_parsed_with_the_suffixes_of_providers() {
    for (text, minor) in [
        ("1.36", Some(36)),
        ("v1.36", Some(36)),
        ("v1.36.2", Some(36)),
        ("1.31+", Some(31)),
        ("v1.30.4-gke.1", Some(30)),
        ("1.0", Some(0)),
        ("2.1", None),
        ("1.", None),
        ("1", None),
        ("v", None),
        ("1.x", None),
        ("vv1.2", None),
        ("1.99999", None),
    ] {
        let parsed = text.parse::<KubernetesVersion>();
        assert_eq!(parsed.as_ref().ok().map(|version| version.minor), minor, "{text}");
        if let Err(error) = parsed {
            let expected = format!("`{text}` is not a Kubernetes version; use the format `1.36`");
            assert_eq!(error.to_string(), expected);
        }
    }
    assert_eq!(KubernetesVersion { minor: 20 }.to_string(), "1.20");
}

#[test]
fn a_range_of_versions_includes_its_start_and_excludes_its_end() {
    for (from, before, inside, text) in [
        (None, None, &[0, 24, 99][..], "all"),
        (Some(24), None, &[24, 99], "1.24 and later"),
        (None, Some(24), &[0, 23], "before 1.24"),
        (Some(22), Some(24), &[22, 23], "1.22 and later, before 1.24"),
    ] {
        let versions = Versions { from, before };
        assert_eq!(versions.to_string(), text);
        let found: Vec<u16> =
            [0, 21, 22, 23, 24, 99].into_iter().filter(|minor| versions.contain(*minor)).collect();
        let expected: Vec<u16> = [0, 21, 22, 23, 24, 99]
            .into_iter()
            .filter(|minor| match inside {
                [first, .., last] => (first..=last).contains(&minor),
                _ => false,
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }
    assert!(Versions::ALL.contain(0));
}

#[test]
fn requests_are_written_like_the_refusals_of_servers() {
    let target = |namespace: &str, group: &str, subresource: &str| ResourceRequest {
        namespace: namespace.into(),
        group: group.into(),
        resource: "pods".into(),
        subresource: subresource.into(),
        name: "web".into(),
    };
    let of = |verb: &str, target| Request::resource(verb, target);
    for (request, expected) in [
        (
            of("get", target("shop", "", "")),
            r#"get resource "pods" in API group "" in the namespace "shop""#,
        ),
        (
            of("list", target("", "metrics.k8s.io", "")),
            r#"list resource "pods" in API group "metrics.k8s.io" at the cluster scope"#,
        ),
        (
            of("create", target("shop", "", "exec")),
            r#"create resource "pods/exec" in API group "" in the namespace "shop""#,
        ),
        (Request::path("get", "/metrics"), r#"get path "/metrics""#),
    ] {
        assert_eq!(request.to_string(), expected);
    }
    let request = of("get", target("shop", "", ""));
    assert_eq!(request.namespace(), "shop");
    assert_eq!(request.clone().in_namespace("blue"), of("get", target("blue", "", "")));
    let unnamed = ResourceRequest { name: "".into(), ..target("shop", "", "") };
    assert_eq!(request.without_name(), of("get", unnamed));
    let path = Request::path("get", "/metrics");
    assert_eq!(path.namespace(), "");
    assert_eq!(path.clone().in_namespace("blue").without_name(), path);
}

fn bind(namespace: &str, kind: &str, role: &str, subject: Value) -> Value {
    let of = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
    json!({"kind": of, "metadata": {"namespace": namespace, "name": "b"},
        "roleRef": {"kind": kind, "name": role}, "subjects": [subject]})
}

fn get_pods() -> Request {
    let target = ResourceRequest {
        namespace: "shop".into(),
        resource: "pods".into(),
        ..ResourceRequest::default()
    };
    Request::resource("get", target)
}

#[test]
fn reasons_are_those_of_servers() {
    let rules = json!([{"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}]);
    let roles = [
        json!({"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": rules}),
        json!({"kind": "Role", "metadata": {"namespace": "shop", "name": "r"}, "rules": rules}),
    ];
    let user = || json!({"kind": "User", "name": "jane"});
    let account = || json!({"kind": "ServiceAccount", "name": "web"});
    let jane = Identity::user("jane").with_group("devs");
    let web = Identity::service_account("shop", "web");
    for (binding, identity, expected) in [
        (
            bind("", "ClusterRole", "r", user()),
            &jane,
            r#"RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "jane""#,
        ),
        (
            bind("shop", "ClusterRole", "r", json!({"kind": "Group", "name": "devs"})),
            &jane,
            r#"RBAC: allowed by RoleBinding "b/shop" of ClusterRole "r" to Group "devs""#,
        ),
        (
            bind("shop", "Role", "r", account()),
            &web,
            r#"RBAC: allowed by RoleBinding "b/shop" of Role "r" to ServiceAccount "web/shop""#,
        ),
        (bind("other", "ClusterRole", "r", user()), &jane, ""),
        (
            bind("shop", "Role", "x", user()),
            &jane,
            r#"RBAC: role.rbac.authorization.k8s.io "x" not found"#,
        ),
        (
            bind("", "ClusterRole", "x", user()),
            &jane,
            r#"RBAC: clusterrole.rbac.authorization.k8s.io "x" not found"#,
        ),
        (
            bind("", "Robot", "x", user()),
            &jane,
            r#"RBAC: unsupported role reference kind: "Robot""#,
        ),
    ] {
        let mut all = builder(&roles);
        add(&mut all, &binding);
        let authorizer = Authorizer::new(all.build());
        let decision = authorizer.authorize(identity, &get_pods());
        assert_eq!(decision.reason(), expected);
        assert_eq!(decision.verdict.is_allowed(), expected.contains("allowed"));
    }
    let mut all = builder(&[]);
    for (namespace, role) in [("", "z"), ("shop", "a"), ("shop", "z")] {
        let mut binding = bind(namespace, "ClusterRole", role, user());
        binding["metadata"]["name"] = format!("to-{role}").into();
        add(&mut all, &binding);
    }
    let authorizer = Authorizer::new(all.build());
    assert_eq!(
        authorizer.authorize(&jane, &get_pods()).reason(),
        "RBAC: [clusterrole.rbac.authorization.k8s.io \"a\" not found, \
         clusterrole.rbac.authorization.k8s.io \"z\" not found]"
    );
    let masters = Identity::user("bob").with_group("system:masters");
    let decision = authorizer.authorize(&masters, &get_pods());
    assert_eq!(decision.verdict, Verdict::Allowed { by: vec![Grant::Privileged] });
    assert_eq!(decision.reason(), "");
}

#[test]
fn a_grant_names_the_first_subject_that_matches() {
    let inventory = cluster(
        "ClusterRole r: get pods
         a: r -> group/others, group/devs, user/jane, user/jane
         b: r -> user/bob, user/jane",
    );
    let authorizer = Authorizer::new(inventory);
    let jane = Identity::user("jane").with_group("devs");
    let Verdict::Allowed { by } = authorizer.authorize(&jane, &get_pods()).verdict else {
        panic!("two grants")
    };
    let names: Vec<String> = by.iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            r#"RBAC: allowed by ClusterRoleBinding "a" of ClusterRole "r" to Group "devs""#,
            r#"RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "jane""#,
        ]
    );
}

#[test]
fn placeholders_are_recognized() {
    for (name, expected) in [
        ("web", false),
        ("${NAME}", true),
        ("$NAME", true),
        ("{{ .Name }}", true),
        ("a}", true),
        ("<name>", true),
        ("a>", true),
        ("%NAME%", true),
        ("%NAME", false),
        ("NAME%", false),
        ("ENC[x]", true),
        ("xENC[x]", false),
    ] {
        assert_eq!(is_template(name), expected, "{name}");
    }
}

#[test]
fn distances_are_limited() {
    for (one, other, most, expected) in [
        ("pods", "pods", 0, Some(0)),
        ("pods", "podz", 1, Some(1)),
        ("pods", "podz", 0, None),
        ("pods", "pod", 1, Some(1)),
        ("pods", "po", 1, None),
        ("pods", "po", 2, Some(2)),
        ("abcd", "wxyz", 3, None),
        ("abcd", "wxyz", 4, Some(4)),
        // The first bytes of these characters are equal.
        ("\u{e9}", "\u{e8}", 1, Some(1)),
        ("a\u{e9}", "a\u{e8}b", 2, Some(2)),
        // The last bytes of these are.
        ("\u{e9}", "\u{129}", 1, Some(1)),
    ] {
        assert_eq!(edit_distance_within(one, other, most), expected, "{one} {other} {most}");
        assert_eq!(edit_distance(one, other) <= most, expected.is_some(), "{one} {other} {most}");
    }
}

#[test]
fn a_pattern_is_not_a_name() {
    for (text, is_pattern) in [("web", false), ("w*b", true), ("w?b", true), ("", false)] {
        assert_eq!(Glob::is_pattern(text), is_pattern);
        let glob = Glob::new(text);
        assert_eq!(glob.as_name().map(|name| &**name), (!is_pattern).then_some(text));
        assert_eq!(glob.to_string(), text);
    }
    assert_eq!(Glob::new("a*b?").fresh(|_| false).as_deref(), Some("aother0b0"));
    assert_eq!(Glob::new("a*b?").fresh(|name| name < "aother3").as_deref(), Some("aother3b3"));
    // A single digit can be repeated, but it leaves ten names only.
    assert_eq!(Glob::new("a?").fresh(|name| name < "a9").as_deref(), Some("a9"));
    assert_eq!(Glob::new("a?").fresh(|_| true), None);
}

#[test]
fn labels_and_annotations_are_found_by_key() {
    let mut metadata = Metadata::new("shop", "web");
    metadata.labels = [("a".into(), "1".into()), ("b".into(), "2".into())].into();
    metadata.annotations = [("a".into(), "3".into())].into();
    assert_eq!(metadata.label("b").map(|value| &**value), Some("2"));
    assert_eq!(metadata.label("c"), None);
    assert_eq!(metadata.annotation("a").map(|value| &**value), Some("3"));
    assert_eq!(metadata.annotation("b"), None);
}
