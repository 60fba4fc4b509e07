//! The generated objects: names, rules and styles.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod support;

use rolecall_grant::{
    Config, MissingAccounts, Note, Scope, Style, json_of_rule, overlay, plan, yaml_of,
};
use rolecall_rbac::Identity;
use serde_json::{Value, json};
use support::{api, authorizer, binding, denied, fix, fixed, names, ours, pods, role};

#[test]
fn one_role_and_binding_for_each_namespace_and_for_the_cluster() {
    let mut denied = denied(
        &api(),
        &[
            "list pods in shop",
            "watch pods in shop",
            "get pods/log in shop name web-0",
            "list deployments.apps in back",
            "list nodes",
            "list pods in back",
            "get /metrics",
        ],
    );
    denied[0].found = "line 3, 12 times".into();
    let plan = plan(&authorizer(&[]), &denied, &Config::default());
    insta::assert_snapshot!(yaml_of(&plan.objects), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:sa:shop:api
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope
    - apiGroups: [""]
      resources: ["nodes"]
      verbs: ["list"]
    # get path "/metrics"
    - nonResourceURLs: ["/metrics"]
      verbs: ["get"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:sa:shop:api
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:sa:shop:api
    subjects:
    - kind: ServiceAccount
      name: api
      namespace: shop
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:shop:api
      namespace: back
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "back"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    # list resource "deployments" in API group "apps" in the namespace "back"
    - apiGroups: ["apps"]
      resources: ["deployments"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:shop:api
      namespace: back
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:shop:api
    subjects:
    - kind: ServiceAccount
      name: api
      namespace: shop
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:shop:api
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "shop" (line 3, 12 times)
    # watch resource "pods" in API group "" in the namespace "shop"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list", "watch"]
    # get resource "pods/log" in API group "" in the namespace "shop", name "web-0"
    - apiGroups: [""]
      resources: ["pods/log"]
      resourceNames: ["web-0"]
      verbs: ["get"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:shop:api
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:shop:api
    subjects:
    - kind: ServiceAccount
      name: api
      namespace: shop
    "#);
    assert_eq!(plan.gained, []);
    assert!(plan.answers.iter().all(|answer| answer.after.is_allowed()));
}

#[test]
fn users_and_groups_become_subjects() {
    let mut denied = denied(&Identity::user("jane@example.com"), &["list pods in shop"]);
    denied.extend(self::denied(&Identity::group("dev"), &["list pods in shop"]));
    let plan = plan(&authorizer(&[]), &denied, &Config::default());
    insta::assert_snapshot!(yaml_of(&plan.objects), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:group:dev
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "shop"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:group:dev
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:group:dev
    subjects:
    - kind: Group
      apiGroup: rbac.authorization.k8s.io
      name: dev
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:jane@example.com
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "shop"
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:jane@example.com
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:jane@example.com
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: jane@example.com
    "#);
}

#[test]
fn a_second_plan_adds_nothing_and_new_needs_change_the_same_objects() {
    let before = authorizer(&[]);
    let first = fix(&before, &["list pods in shop"], &Config::default());
    let after = overlay(&before, &first.objects);
    assert_eq!(fix(&after, &["list pods in shop"], &Config::default()).objects, []);
    let second =
        fix(&after, &["list pods in shop", "get secrets in shop name db"], &Config::default());
    assert_eq!(names(&first), names(&second));
    assert_eq!(second.gained, []);
    insta::assert_snapshot!(yaml_of(&second.objects[..1]), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:shop:api
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # already granted
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    # get resource "secrets" in API group "" in the namespace "shop", name "db"
    - apiGroups: [""]
      resources: ["secrets"]
      resourceNames: ["db"]
      verbs: ["get"]
    "#);
}

#[test]
fn names_of_other_objects_are_not_reused() {
    let name = "rolecall:sa:shop:api";
    let bound = |subjects: &[&str]| ours(binding("shop", name, ("Role", name), subjects));
    let rows: [(&str, Vec<Value>, &str); 8] = [
        ("nothing there", vec![], name),
        ("ours", vec![ours(role("shop", name, pods())), bound(&["api"])], name),
        ("without our label", vec![role("shop", name, pods())], "rolecall:sa:shop:api+2"),
        (
            "two taken",
            vec![role("shop", name, pods()), role("shop", "rolecall:sa:shop:api+2", pods())],
            "rolecall:sa:shop:api+3",
        ),
        (
            "bound to others, too",
            vec![ours(role("shop", name, pods())), bound(&["api", "web"])],
            "rolecall:sa:shop:api+2",
        ),
        (
            "bound elsewhere to others",
            vec![
                ours(role("shop", name, pods())),
                bound(&["api"]),
                binding("shop", "x", ("Role", name), &["web"]),
            ],
            "rolecall:sa:shop:api+2",
        ),
        (
            "awaited by a dangling binding",
            vec![binding("shop", "x", ("Role", name), &["web"])],
            "rolecall:sa:shop:api+2",
        ),
        (
            "a binding to another role",
            vec![ours(binding("shop", name, ("Role", "other"), &["api"]))],
            "rolecall:sa:shop:api+2",
        ),
    ];
    for (case, objects, expected) in rows {
        let plan = fix(&authorizer(&objects), &["get configmaps in shop"], &Config::default());
        let expected = [format!("Role shop/{expected}"), format!("RoleBinding shop/{expected}")];
        assert_eq!(names(&plan), expected, "{case}");
        assert_eq!(plan.gained, [], "{case}");
    }
}

#[test]
fn rules_of_an_unbound_generated_role_are_not_granted_again() {
    let name = "rolecall:sa:shop:api";
    let yaml = fixed(&[ours(role("shop", name, pods()))], &["get configmaps in shop"]);
    assert!(!yaml.contains("pods"), "{yaml}");
}

#[test]
fn create_and_deletecollection_are_never_limited_to_a_name() {
    let requests = [
        "create configmaps in shop name a",
        "create pods/eviction in shop name a",
        "deletecollection pods in shop name a",
        "list pods in shop name a",
    ];
    let plan = fix(&authorizer(&[]), &requests, &Config::default());
    let rules: Vec<String> =
        plan.objects[0].rules().iter().map(|rule| json_of_rule(rule).to_string()).collect();
    insta::assert_snapshot!(rules.join("\n"), @r#"
    {"apiGroups":[""],"resources":["configmaps"],"verbs":["create"]}
    {"apiGroups":[""],"resources":["pods"],"verbs":["deletecollection"]}
    {"apiGroups":[""],"resourceNames":["a"],"resources":["pods"],"verbs":["list"]}
    {"apiGroups":[""],"resourceNames":["a"],"resources":["pods/eviction"],"verbs":["create"]}
    "#);
    let wider = |verb: &str, resource: &str| Note::WiderThanNamed {
        verb: verb.into(),
        resource: resource.into(),
    };
    assert_eq!(plan.notes[1..], [wider("create", "configmaps"), wider("deletecollection", "pods")]);
    assert_eq!(plan.gained.len(), 1);
}

#[test]
fn cluster_wide_grants_are_not_repeated_in_namespaces() {
    let plan = fix(&authorizer(&[]), &["list pods", "list pods in shop"], &Config::default());
    assert_eq!(
        names(&plan),
        ["ClusterRole /rolecall:sa:shop:api", "ClusterRoleBinding /rolecall:sa:shop:api"]
    );
    let config = Config { scope: Scope::ClusterWide, ..Config::default() };
    let plan = fix(&authorizer(&[]), &["list pods in shop"], &config);
    assert_eq!(names(&plan)[0], "ClusterRole /rolecall:sa:shop:api");
    assert_eq!(plan.gained.len(), 1, "cluster-wide is more than requested");
}

#[test]
fn an_existing_role_is_bound_when_it_covers_the_need() {
    let rules = |resources: &[&str], verbs: &[&str]| json!([{"apiGroups": [""], "resources": resources, "verbs": verbs}]);
    let config = |max_excess| Config { style: Style::Reuse { max_excess }, ..Config::default() };
    let objects = [
        role("", "exact", rules(&["pods"], &["list"])),
        role("", "everything", json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])),
        role("", "more", rules(&["pods", "services"], &["list"])),
        role("shop", "most", rules(&["configmaps", "pods", "services"], &["get", "list"])),
        role("back", "exact", rules(&["services"], &["get"])),
    ];
    let rows = [
        (&["list pods in shop"][..], None, "rolecall:sa:shop:api+ClusterRole:exact"),
        (&["list services in shop"], None, "rolecall:sa:shop:api+ClusterRole:more"),
        (&["get services in shop"], None, "rolecall:sa:shop:api+Role:most"),
        (&["get services in shop"], Some(5), "rolecall:sa:shop:api+Role:most"),
        (&["get services in shop"], Some(4), "rolecall:sa:shop:api"),
        (&["watch services in shop"], None, "rolecall:sa:shop:api"),
    ];
    for (requests, max_excess, expected) in rows {
        let plan = fix(&authorizer(&objects), requests, &config(max_excess));
        let last = names(&plan).pop().unwrap();
        assert_eq!(last, format!("RoleBinding shop/{expected}"), "{requests:?}");
        assert!(plan.answers[0].after.is_allowed());
    }
    let plan = fix(&authorizer(&objects), &["list services in shop"], &config(None));
    let gained: Vec<Value> = plan.gained[0].rules.iter().map(json_of_rule).collect();
    assert_eq!(Value::from(gained), pods());
}

#[test]
fn a_role_is_extended_only_if_no_other_subject_has_it() {
    let config = Config { style: Style::Extend, ..Config::default() };
    let own = role("shop", "api", pods());
    let rows: [(&str, Vec<Value>, &str); 4] = [
        (
            "its own",
            vec![own.clone(), binding("shop", "b", ("Role", "api"), &["api"])],
            "Role shop/api",
        ),
        (
            "shared",
            vec![own.clone(), binding("shop", "b", ("Role", "api"), &["api", "web"])],
            "Role shop/rolecall:sa:shop:api",
        ),
        (
            "shared by another binding",
            vec![
                own.clone(),
                binding("shop", "b", ("Role", "api"), &["api"]),
                binding("shop", "c", ("Role", "api"), &["web"]),
            ],
            "Role shop/rolecall:sa:shop:api",
        ),
        (
            "of the whole cluster",
            vec![role("", "api", pods()), binding("shop", "b", ("ClusterRole", "api"), &["api"])],
            "Role shop/rolecall:sa:shop:api",
        ),
    ];
    for (case, objects, expected) in rows {
        let plan = fix(&authorizer(&objects), &["get configmaps in shop"], &config);
        assert_eq!(names(&plan)[0], expected, "{case}");
        assert_eq!(plan.gained, [], "{case}");
    }
}

#[test]
fn missing_objects_around_a_grant_are_noted() {
    let namespace = |name: &str| json!({"kind": "Namespace", "metadata": {"name": name}});
    let account = |name: &str| json!({"kind": "ServiceAccount", "metadata": {"namespace": "shop", "name": name}});
    let before = authorizer(&[namespace("shop"), account("web")]);
    let plan = fix(&before, &["list pods in back"], &Config::default());
    assert_eq!(
        plan.notes,
        [
            Note::NoServiceAccount { namespace: "shop".into(), name: "api".into() },
            Note::NoNamespace { name: "back".into() },
        ]
    );
    let config = Config { missing_accounts: MissingAccounts::Created, ..Config::default() };
    let plan = fix(&before, &["list pods in shop", "list nodes"], &config);
    assert_eq!(names(&plan)[0], "ServiceAccount shop/api");
    assert_eq!(plan.objects.len(), 5);
    let default = Identity::service_account("shop", "default");
    let plan = rolecall_grant::plan(&before, &denied(&default, &["list pods in shop"]), &config);
    assert_eq!(plan.notes, [Note::DefaultServiceAccount { namespace: "shop".into() }]);
}
