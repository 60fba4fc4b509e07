//! The order and kinds of near misses.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use insta::assert_snapshot;
use rolecall_rbac::{
    Authorizer, Catalog, CatalogBuilder, Gap, Identity, NearMissKind, ObjectKind, Origin, Request,
    ResourceRequest, ServedResource, Subresource, Unread,
};
use rolecall_testing::api::authorizer;
use serde_json::{Value, json};

/// Returns the near misses for `verb resource[/sub][:name] [namespace]`, one per line.
#[track_caller]
fn misses(objects: &[Value], identity: &Identity, question: &str) -> String {
    let catalog = catalog();
    let authorizer = authorizer(objects);
    let mut words = question.split(' ');
    let (verb, resource) = (words.next().unwrap(), words.next().unwrap());
    let namespace = words.next().unwrap_or_default();
    let request = if resource.starts_with('/') {
        Request::path(verb, resource)
    } else {
        let (resource, name) = resource.split_once(':').unwrap_or((resource, ""));
        let resolved = catalog.resolve(resource).unwrap();
        catalog.request(verb, &resolved, namespace, name)
    };
    assert!(!authorizer.authorize(identity, &request).verdict.is_allowed(), "{question}");
    render(&authorizer, identity, &request, &catalog)
}

fn render(
    authorizer: &Authorizer,
    identity: &Identity,
    request: &Request,
    catalog: &Catalog,
) -> String {
    let lines: Vec<String> = authorizer
        .near_misses(identity, request, catalog)
        .iter()
        .map(|miss| {
            let binding = miss.binding.map_or("-", |binding| &*binding.metadata.name);
            let role = miss.role.map_or("-", |role| &*role.metadata.name);
            let rule = miss.rule.map_or("-".to_owned(), |(index, _)| index.to_string());
            format!("{binding} {role} {rule} {:?}", miss.kind)
        })
        .collect();
    lines.join("\n")
}

fn catalog() -> Catalog {
    let served = |group: &str, resource: &str, kind: &str, namespaced: bool, short: &[&str]| {
        ServedResource {
            group: group.into(),
            resource: resource.into(),
            singular: kind.to_lowercase().into(),
            kind: kind.into(),
            namespaced,
            short_names: short.iter().map(|name| (*name).into()).collect(),
            verbs: vec!["get".into(), "list".into()],
            subresources: vec![Subresource { name: "log".into(), verbs: vec!["get".into()] }],
            is_virtual: false,
        }
    };
    let mut builder = CatalogBuilder::new();
    builder.add(served("", "pods", "Pod", true, &["po"]));
    builder.add(served("", "nodes", "Node", false, &["no"]));
    builder.add(served("", "configmaps", "ConfigMap", true, &["cm"]));
    builder.add(served("apps", "deployments", "Deployment", true, &["deploy"]));
    builder.build()
}

fn role(namespace: &str, name: &str, rules: Value) -> Value {
    let kind = if namespace.is_empty() { "ClusterRole" } else { "Role" };
    json!({"kind": kind, "metadata": {"namespace": namespace, "name": name}, "rules": rules})
}

fn bind(namespace: &str, name: &str, role: &str, subject: Value) -> Value {
    let kind = if namespace.is_empty() { "ClusterRoleBinding" } else { "RoleBinding" };
    let (role_kind, role) = role.split_once('/').unwrap();
    json!({"kind": kind, "metadata": {"namespace": namespace, "name": name},
        "roleRef": {"kind": role_kind, "name": role}, "subjects": [subject]})
}

fn sa(namespace: &str, name: &str) -> Value {
    json!({"kind": "ServiceAccount", "namespace": namespace, "name": name})
}

fn rule(verbs: &str, group: &str, resources: &str) -> Value {
    let split = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
    json!([{"verbs": split(verbs), "apiGroups": [group], "resources": split(resources)}])
}

fn me() -> Identity {
    Identity::service_account("shop", "web")
}

#[test]
fn a_grant_in_another_namespace_is_a_near_miss() {
    let objects = [
        role("ns-1", "pod-lister", rule("list", "", "pods")),
        bind("ns-1", "listers", "Role/pod-lister", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "list pods default"), @r#"listers pod-lister 0 OtherNamespace { granted_in: "ns-1" }"#);
    assert_snapshot!(misses(&objects, &me(), "list pods"), @r#"listers pod-lister 0 NotAllNamespaces { granted_in: "ns-1" }"#);
}

#[test]
fn one_mismatch_is_a_near_miss_and_two_are_not() {
    let objects = [
        role("shop", "r", rule("get", "", "pods")),
        bind("shop", "b", "Role/r", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "list pods shop"), @r#"b r 0 Verb { granted: ["get"] }"#);
    assert_snapshot!(misses(&objects, &me(), "get pods/log shop"), @r#"b r 0 SubresourceMissing { granted: "pods" }"#);
    assert_snapshot!(misses(&objects, &me(), "get configmaps shop"), @"");
    assert_snapshot!(misses(&objects, &me(), "list pods/log shop"), @"");
}

#[test]
fn resource_names_are_reported_with_and_without_a_requested_name() {
    let objects = [
        role(
            "shop",
            "r",
            json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["app"]}]),
        ),
        bind("shop", "b", "Role/r", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "get configmaps:other shop"), @r#"b r 0 Name { granted: ["app"] }"#);
    assert_snapshot!(misses(&objects, &me(), "list configmaps shop"), @r#"b r 0 NameNeeded { granted: ["app"] }"#);
}

#[test]
fn dead_spellings_of_the_resource_are_recognized() {
    for written in ["deployment", "Deployment", "deploy", "deployments/*", "deployement"] {
        let objects = [
            role("shop", "r", rule("get", "apps", written)),
            bind("shop", "b", "Role/r", sa("shop", "web")),
        ];
        let found = misses(&objects, &me(), "get deployments shop");
        if written == "deployement" {
            // Two letters off the plural is not near.
            assert_eq!(found, "");
        } else {
            let expected =
                format!("b r 0 ResourceSpelling {{ written: {written:?}, groups: None }}");
            assert_eq!(found, expected);
        }
    }
    let objects = [
        role("shop", "r", rule("get", "", "deployments")),
        role("shop", "kind", rule("get", "", "Deployment")),
        bind("shop", "b", "Role/r", sa("shop", "web")),
        bind("shop", "c", "Role/kind", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "get deployments shop"), @r#"
    b r 0 Group { granted: [""] }
    c kind 0 ResourceSpelling { written: "Deployment", groups: Some([""]) }
    "#);
}

#[test]
fn role_bindings_do_not_grant_cluster_scoped_requests() {
    let objects = [
        role("", "nodes", rule("list", "", "nodes")),
        role("", "metrics", json!([{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}])),
        bind("shop", "b", "ClusterRole/nodes", sa("shop", "web")),
        bind("shop", "c", "ClusterRole/metrics", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "list nodes shop"), @"
    b nodes 0 ClusterScopedThroughRoleBinding
    - nodes 0 Unbound
    ");
    assert_snapshot!(misses(&objects, &me(), "get /metrics"), @"
    c metrics 0 UrlThroughRoleBinding
    - metrics 0 Unbound
    ");
}

#[test]
fn similar_subjects_are_reported() {
    let rows = [
        (sa("default", "web"), "OtherNamespace"),
        (sa("shop", "Web"), "LetterCase"),
        (json!({"kind": "User", "name": "web"}), "OtherKind"),
        (json!({"kind": "User", "name": "shop:web"}), "OtherKind"),
        (json!({"kind": "Group", "name": "system:serviceaccount:shop:web"}), "OtherKind"),
        (json!({"kind": "User", "name": "system:serviceaccount:Shop:web"}), "LetterCase"),
        (json!({"kind": "serviceaccount", "name": "web"}), "OtherKind"),
        (json!({"kind": "ServiceAccount", "name": "web"}), "NamespaceMissing"),
    ];
    for (subject, expected) in rows {
        let objects = [
            role("", "r", rule("get", "", "pods")),
            bind("", "b", "ClusterRole/r", subject.clone()),
        ];
        let found = misses(&objects, &me(), "get pods shop");
        assert!(found.starts_with(&format!("b r 0 Subject({expected})")), "{subject} {found}");
    }
}

#[test]
fn a_dangling_reference_suggests_similar_roles() {
    let objects = [
        role("other", "reader", rule("get", "", "pods")),
        role("", "reader", rule("get", "", "pods")),
        role("shop", "raeder", rule("get", "", "nodes")),
        bind("shop", "b", "Role/reader", sa("shop", "web")),
    ];
    assert_snapshot!(misses(&objects, &me(), "get pods shop"), @r#"
    b - - RoleNotFound { similar: ["ClusterRole/reader", "Role/other/reader", "Role/shop/raeder"] }
    - reader 0 Unbound
    "#);
}

#[test]
fn an_unread_role_is_not_reported_as_missing() {
    let mut builder =
        rolecall_testing::api::builder(&[bind("shop", "b", "Role/reader", sa("shop", "web"))]);
    builder.gap(Gap {
        unread: Unread::Kind { kind: ObjectKind::Role, namespace: Some("shop".into()) },
        because: "forbidden".into(),
        origin: Origin::Cluster,
    });
    let request = Request::resource(
        "get",
        ResourceRequest {
            namespace: "shop".into(),
            resource: "pods".into(),
            ..ResourceRequest::default()
        },
    );
    let authorizer = Authorizer::new(builder.build());
    assert_eq!(render(&authorizer, &me(), &request, &catalog()), "");
}

#[test]
fn unbound_roles_come_last_and_narrowest_first() {
    let objects = [
        role("", "admin", rule("*", "*", "*")),
        role("", "view", rule("get,list,watch", "", "pods,nodes")),
        role("", "system:hidden", rule("get", "", "pods")),
        role("shop", "reader", rule("get", "", "pods")),
    ];
    assert_snapshot!(misses(&objects, &me(), "get pods shop"), @"
    - reader 0 Unbound
    - view 0 Unbound
    - admin 0 Unbound
    ");
}

#[test]
fn every_kind_sorts_nearest_first() {
    let nearest = NearMissKind::OtherNamespace { granted_in: "a".into() };
    assert!(nearest < NearMissKind::Verb { granted: vec![] });
    assert!(NearMissKind::Verb { granted: vec![] } < NearMissKind::Unbound);
}
