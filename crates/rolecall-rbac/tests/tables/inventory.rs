use rolecall_rbac::{
    Binding, Gap, Inventory, InventoryBuilder, Metadata, Namespace, ObjectKind, Origin, Replaced,
    Role, ServiceAccount, Unread, Workload,
};
use rolecall_testing::api::{add, binding, role};
use rolecall_testing::cluster::cluster;
use serde_json::{Value, json};

fn file(line: u32) -> Origin {
    Origin::File { path: "a.yaml".into(), line }
}

fn at(namespace: &str, name: &str, line: u32) -> Metadata {
    Metadata { origin: file(line), ..Metadata::new(namespace, name) }
}

fn workload(kind: &str, api_group: &str, metadata: Metadata) -> Workload {
    Workload {
        metadata,
        kind: kind.into(),
        api_group: api_group.into(),
        owner: None,
        pods: Box::default(),
        mirror: false,
    }
}

fn account(metadata: Metadata) -> ServiceAccount {
    ServiceAccount { metadata, automount_token: None, secrets: Default::default() }
}

fn objects() -> Inventory {
    cluster(
        "RoleBinding: x -> user/jane in red, blue
         ClusterRole b: get pods
         ClusterRole a: get pods
         Role red/r: get pods
         Role blue/z: get pods
         Role blue/r: get pods
         one: a -> user/jane
         account: red/app
         account: blue/web
         account: blue/app
         namespace: green
         deployment: grey/web of app
         deployment: blue/web of app
         unread: RoleBinding",
    )
}

fn names<'a>(all: impl IntoIterator<Item = &'a Metadata>) -> Vec<String> {
    all.into_iter().map(|it| format!("{}/{}", it.namespace, it.name)).collect()
}

#[test]
fn objects_are_sorted_by_namespace_and_name() {
    let found = objects();
    let roles = names(found.roles().iter().map(|role| &role.metadata));
    assert_eq!(roles, ["/a", "/b", "blue/r", "blue/z", "red/r"]);
    let bindings = names(found.bindings().iter().map(|binding| &binding.metadata));
    assert_eq!(bindings, ["/one", "blue/RoleBinding", "red/RoleBinding"]);
    let accounts = names(found.service_accounts().iter().map(|account| &account.metadata));
    assert_eq!(accounts, ["blue/app", "blue/web", "red/app"]);
    let workloads = names(found.workloads().iter().map(|workload| &workload.metadata));
    assert_eq!(workloads, ["blue/web", "grey/web"]);
    assert_eq!(names(found.namespaces().iter().map(|it| &it.metadata)), ["/green"]);
    assert_eq!(found.gaps().len(), 1);
    // A gap is not an object, and the cluster scope is not a namespace.
    assert_eq!(found.namespace_names(), ["blue", "green", "grey", "red"]);
}

#[test]
fn names_of_any_length_are_sorted_by_bytes() {
    let [a, b] = ["a", "b"].map(|letter| letter.repeat(15));
    let mut sorted = vec![
        String::new(),
        "a".to_owned(),
        a.clone(),
        format!("{a}a"),
        format!("{a}b"),
        format!("{a}ba"),
        format!("{a}bb"),
        format!("a{b}"),
        "ab".to_owned(),
        format!("b{a}"),
        format!("b{a}a"),
        "\u{e9}".to_owned(),
    ];
    let mut builder = InventoryBuilder::new();
    for name in sorted.iter().rev() {
        builder.service_account(account(at("shop", name, 1)));
    }
    let found = builder.build();
    let names: Vec<String> =
        found.service_accounts().iter().map(|it| it.metadata.name.to_string()).collect();
    sorted.sort();
    assert_eq!(names, sorted);
    assert!(sorted.iter().all(|name| found.service_account("shop", name).is_some()));
}

#[test]
fn objects_are_found_by_namespace_and_name() {
    let found = objects();
    for (namespace, name, expected) in
        [("", "a", true), ("blue", "r", true), ("", "r", false), ("green", "r", false)]
    {
        assert_eq!(found.role(namespace, name).is_some(), expected, "{namespace}/{name}");
    }
    assert_eq!(found.role("red", "r").map(|role| &*role.metadata.namespace), Some("red"));
    assert!(found.binding("", "one").is_some());
    assert!(found.binding("blue", "RoleBinding").is_some());
    assert!(found.binding("blue", "one").is_none());
    assert!(found.service_account("blue", "web").is_some());
    assert!(found.service_account("red", "web").is_none());
    assert!(found.namespace("green").is_some());
    assert!(found.namespace("blue").is_none());
    assert!(found.workload("blue", "Deployment", "web", "apps").is_some());
    for (namespace, kind, name, group) in [
        ("red", "Deployment", "web", "apps"),
        ("blue", "Pod", "web", "apps"),
        ("blue", "Deployment", "app", "apps"),
        ("blue", "Deployment", "web", ""),
    ] {
        assert!(found.workload(namespace, kind, name, group).is_none());
    }
    assert_eq!(found.workload_position("grey", "Deployment", "web", "apps"), Some(1));
}

#[test]
fn objects_of_one_namespace_are_a_range() {
    let found = objects();
    for (namespace, roles, accounts, workloads) in [
        ("", 2, 0, 0),
        ("blue", 2, 2, 1),
        ("red", 1, 1, 0),
        ("grey", 0, 0, 1),
        ("a", 0, 0, 0),
        ("z", 0, 0, 0),
    ] {
        let counts = (
            found.roles_in(namespace).len(),
            found.service_accounts_in(namespace).len(),
            found.workloads_in(namespace).len(),
        );
        assert_eq!(counts, (roles, accounts, workloads), "{namespace}");
        let in_namespace =
            |metadata: &Metadata| assert_eq!(*metadata.namespace, *namespace, "{namespace}");
        found.roles_in(namespace).iter().for_each(|it| in_namespace(&it.metadata));
        found.workloads_in(namespace).iter().for_each(|it| in_namespace(&it.metadata));
    }
}

#[test]
fn a_later_object_replaces_an_earlier_one_of_its_kind_group_and_name() {
    let mut builder = InventoryBuilder::new();
    builder.role(Role { metadata: at("", "r", 1), ..role(&json!({})) });
    builder.role(Role { metadata: at("", "r", 2), ..role(&json!({})) });
    builder.role(Role { metadata: at("shop", "r", 3), ..role(&json!({})) });
    builder.role(Role { metadata: at("shop", "r", 4), ..role(&json!({})) });
    builder.binding(Binding { metadata: at("", "b", 5), ..binding(&json!({})) });
    builder.binding(Binding { metadata: at("", "b", 6), ..binding(&json!({})) });
    builder.service_account(account(at("shop", "a", 7)));
    builder.service_account(account(at("shop", "a", 8)));
    for (kind, group, line) in [
        ("Deployment", "apps", 9),
        ("Deployment", "extensions", 10),
        ("Pod", "", 11),
        ("Deployment", "apps", 12),
    ] {
        builder.workload(workload(kind, group, at("shop", "w", line)));
    }
    for line in [14, 15] {
        builder.namespace(Namespace { metadata: at("", "shop", line) });
    }
    // The defaults of a server are silently replaced.
    let default = Metadata { origin: Origin::Default, ..Metadata::new("", "view") };
    builder.role(Role { metadata: default, ..role(&json!({})) });
    builder.role(Role { metadata: at("", "view", 13), ..role(&json!({})) });
    let (found, replaced) = builder.build_with_replaced();
    let row = |it: &Replaced| {
        let position = |origin: &Origin| origin.position().unwrap();
        let (earlier, later) = (position(&it.earlier), position(&it.later));
        format!("{} {}/{} {earlier} {later}", it.kind, it.namespace, it.name)
    };
    assert_eq!(
        replaced.iter().map(row).collect::<Vec<_>>(),
        [
            "ClusterRole /r a.yaml:1 a.yaml:2",
            "ClusterRoleBinding /b a.yaml:5 a.yaml:6",
            "Deployment shop/w a.yaml:9 a.yaml:12",
            "Namespace /shop a.yaml:14 a.yaml:15",
            "Role shop/r a.yaml:3 a.yaml:4",
            "ServiceAccount shop/a a.yaml:7 a.yaml:8",
        ]
    );
    let lines = |all: Vec<&Metadata>| -> Vec<String> {
        all.iter().map(|it| it.origin.position().unwrap()).collect()
    };
    let roles = found.roles().iter().map(|role| &role.metadata).collect();
    assert_eq!(lines(roles), ["a.yaml:2", "a.yaml:13", "a.yaml:4"]);
    let workloads = found.workloads().iter().map(|workload| &workload.metadata).collect();
    assert_eq!(lines(workloads), ["a.yaml:12", "a.yaml:10", "a.yaml:11"]);
}

#[test]
fn an_implied_account_is_added_only_if_no_explicit_one_exists() {
    let mut builder = InventoryBuilder::new();
    builder.implied_service_account(account(at("shop", "a", 1)));
    builder.implied_service_account(account(at("shop", "b", 2)));
    builder.implied_service_account(account(at("blue", "b", 3)));
    builder.implied_service_account(account(at("blue", "b", 4)));
    builder.service_account(account(at("shop", "a", 5)));
    let (found, replaced) = builder.build_with_replaced();
    let accounts = names(found.service_accounts().iter().map(|account| &account.metadata));
    assert_eq!(accounts, ["blue/b", "shop/a", "shop/b"]);
    assert_eq!(found.service_account("shop", "a").unwrap().metadata.origin, file(5));
    assert_eq!(replaced, []);
}

/// A builder with one object of each kind in a namespace.
fn one_of_each(namespace: &str) -> InventoryBuilder {
    let mut builder = InventoryBuilder::new();
    builder.role(Role { metadata: at(namespace, "x", 1), ..role(&json!({})) });
    builder.binding(Binding { metadata: at(namespace, "x", 1), ..binding(&json!({})) });
    builder.service_account(account(at(namespace, "x", 1)));
    builder.implied_service_account(account(at(namespace, "implied", 1)));
    add(&mut builder, &json!({"kind": "Namespace", "metadata": {"name": namespace}}));
    builder.workload(workload("Pod", "", at(namespace, "x", 1)));
    let unread = Unread::Kind { kind: ObjectKind::Role, namespace: Some(namespace.into()) };
    builder.gap(Gap { unread, because: "forbidden".into(), origin: Origin::Cluster });
    builder.unknown_fields("Role", &at(namespace, "x", 1), &["rule".into(), "Verbs".into()]);
    builder
}

#[test]
fn joined_builders_keep_everything_in_order() {
    let appended = {
        let mut builder = one_of_each("blue");
        builder.append(one_of_each("red"));
        builder
    };
    let prepended = {
        let mut builder = one_of_each("red");
        builder.prepend(one_of_each("blue"));
        builder
    };
    let reopened = {
        let mut builder = one_of_each("blue").build().into_builder();
        builder.append(one_of_each("red"));
        builder
    };
    for builder in [appended, prepended, reopened] {
        let namespaces: Vec<&str> =
            builder.roles().iter().map(|role| &*role.metadata.namespace).collect();
        assert_eq!(namespaces, ["blue", "red"]);
        let namespaces: Vec<&str> =
            builder.bindings().iter().map(|binding| &*binding.metadata.namespace).collect();
        assert_eq!(namespaces, ["blue", "red"]);
        let found = builder.build();
        let accounts = names(found.service_accounts().iter().map(|account| &account.metadata));
        assert_eq!(accounts, ["blue/implied", "blue/x", "red/implied", "red/x"]);
        assert_eq!((found.roles().len(), found.bindings().len()), (2, 2));
        assert_eq!((found.workloads().len(), found.namespaces().len()), (2, 2));
        assert_eq!(found.gaps().len(), 2);
        let fields: Vec<String> = found
            .unknown_fields()
            .iter()
            .map(|it| format!("{} {}/{} {}", it.kind, it.namespace, it.name, it.path))
            .collect();
        let expected =
            ["Role blue/x Verbs", "Role blue/x rule", "Role red/x Verbs", "Role red/x rule"];
        assert_eq!(fields, expected);
    }
    // Of equal names, the one in the later builder is kept, and equal gaps are one.
    let mut builder = one_of_each("blue");
    builder.append(one_of_each("blue"));
    let (found, replaced) = builder.build_with_replaced();
    assert_eq!((found.roles().len(), found.gaps().len(), replaced.len()), (1, 1, 5));
    // A builder remembers what an earlier build replaced.
    let mut builder = InventoryBuilder::new();
    builder.workload(workload("Pod", "", at("shop", "x", 1)));
    builder.workloads_mut()[0].metadata.name = "y".into();
    assert_eq!(&*builder.build().workloads()[0].metadata.name, "y");
}

#[test]
fn origins_change_for_all_objects() {
    let mut found = one_of_each("blue").build();
    let mut changed = 0;
    found.change_origins(|origin| {
        *origin = file(9);
        changed += 1;
    });
    assert_eq!(changed, 9);
    assert_eq!(found.roles()[0].metadata.origin, file(9));
    assert_eq!(found.gaps()[0].origin, file(9));
}

#[test]
fn default_objects_do_not_show_their_namespace() {
    let mut builder = InventoryBuilder::new();
    let metadata = |namespace: &str, origin| Metadata { origin, ..Metadata::new(namespace, "r") };
    for (namespace, origin) in [("kube-public", Origin::Default), ("shop", Origin::Cluster)] {
        builder.role(Role { metadata: metadata(namespace, origin), ..role(&json!({})) });
    }
    assert_eq!(builder.build().namespace_names(), ["shop"]);
}

fn aggregated(value: &str, labels: Value, origin: Origin) -> Role {
    let mut written = role(&json!({"metadata": {"name": "sum", "labels": labels},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": value}}]}}));
    written.metadata.origin = origin;
    written
}

fn plain(labels: Value, origin: Origin, stored: bool) -> Role {
    let mut written = role(&json!({"metadata": {"name": "sum", "labels": labels}}));
    written.metadata.origin = origin;
    written.metadata.stored = stored;
    written
}

#[test]
fn a_manifest_over_an_aggregated_role_keeps_labels_and_aggregation() {
    let shown = |role: &Role| {
        let labels: Vec<String> =
            role.metadata.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let selector = role.aggregation.as_ref().map(|aggregation| &aggregation.selectors[0]);
        let value = selector.map_or("-", |selector| &*selector.match_labels[0].1);
        format!("{} {value}", labels.join(","))
    };
    let server = || aggregated("server", json!({"a": "server", "b": "server"}), Origin::Cluster);
    for (earlier, later, expected) in [
        // A manifest adds its own labels and keeps the rest.
        (
            server(),
            plain(json!({"b": "mine", "c": "mine"}), file(1), false),
            "a=server,b=mine,c=mine server",
        ),
        (server(), aggregated("mine", json!({}), file(1)), "a=server,b=server mine"),
        (
            Role {
                metadata: Metadata { origin: Origin::Default, ..server().metadata },
                ..server()
            },
            plain(json!({}), file(1), false),
            "a=server,b=server server",
        ),
        // An object that a server has stored is complete.
        (server(), plain(json!({}), file(1), true), " -"),
        (server(), plain(json!({}), Origin::Cluster, false), " -"),
        // A manifest replaces another manifest.
        (aggregated("mine", json!({"a": "x"}), file(1)), plain(json!({}), file(2), false), " -"),
        (plain(json!({"a": "x"}), Origin::Cluster, true), plain(json!({}), file(2), false), " -"),
    ] {
        let mut builder = InventoryBuilder::new();
        builder.role(earlier);
        builder.role(later);
        assert_eq!(shown(&builder.build().roles()[0]), expected);
    }
    // A Role of that name is another object.
    let mut builder = InventoryBuilder::new();
    builder.role(server());
    let mut local = plain(json!({}), file(1), false);
    local.metadata.namespace = "shop".into();
    builder.role(local);
    assert_eq!(shown(&builder.build().roles()[1]), " -");
}
