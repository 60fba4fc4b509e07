use insta::assert_snapshot;
use rolecall_grant::{
    Config, MissingAccounts, Object, Outcome, Scope, Style, json_of, overlay, plan, printable,
    yaml_of,
};
use rolecall_rbac::{Gap, ObjectKind, Origin, Unread};
use serde_json::json;

use crate::support::{api, authorizer, binding, denied, fix, names, ours, pods, role};

#[test]
fn characters_without_a_visible_form_are_escaped() {
    for (text, expected) in [
        ("h\u{e4}user \u{4e2d}", "h\u{e4}user \u{4e2d}"),
        ("a\u{1b}[31m", "a\\u{1b}[31m"),
        ("a\nb\tc", "a\\u{a}b\\u{9}c"),
        ("a\u{7f}\u{85}", "a\\u{7f}\\u{85}"),
        ("a\u{ad}\u{34f}\u{61c}", "a\\u{ad}\\u{34f}\\u{61c}"),
        ("\u{200b}\u{202e}\u{2066}\u{feff}", "\\u{200b}\\u{202e}\\u{2066}\\u{feff}"),
        ("\u{e000}\u{fffd}\u{e0001}", "\\u{e000}\\u{fffd}\\u{e0001}"),
        ("##[error]", "#\\u{23}[error]"),
        ("# a # b", "# a # b"),
        ("###", "#\\u{23}\\u{23}"),
    ] {
        assert_eq!(printable(text), expected, "{text:?}");
    }
}

#[test]
fn a_rule_lists_ten_of_the_denials_that_it_answers() {
    for count in [9, 10, 11, 12] {
        let texts: Vec<String> =
            (0..count).map(|n| format!("get pods in shop name p{n:02}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let yaml = yaml_of(&fix(&authorizer(&[]), &texts, &Config::default()).objects);
        let comments: Vec<&str> = yaml.lines().filter(|line| line.starts_with('#')).collect();
        assert_eq!(comments.iter().filter(|line| line.contains("name \"p")).count(), count.min(10));
        let more = comments.iter().find(|line| line.ends_with("more like these"));
        let expected = (count > 10).then(|| format!("# and {} more like these", count - 10));
        assert_eq!(more.map(|line| (*line).to_owned()), expected);
    }
}

#[test]
fn a_plan_with_an_account_is_written_in_full() {
    let config = Config { missing_accounts: MissingAccounts::Created, ..Config::default() };
    let objects = fix(&authorizer(&[]), &["list pods in shop"], &config).objects;
    assert_snapshot!(yaml_of(&objects), @r#"
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: api
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:shop:api
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
    for object in &objects {
        // The YAML and the JSON of an object are the same object.
        let yaml: serde_json::Value =
            serde_yaml::from_str(&yaml_of(std::slice::from_ref(object))).unwrap();
        assert_eq!(yaml, json_of(object));
    }
}

#[test]
fn an_extended_role_keeps_its_metadata_and_rules() {
    let mut own = role("shop", "own", pods());
    own["metadata"]["labels"] = json!({"on": "yes", "tier": "web"});
    let objects = [own, binding("shop", "b", ("Role", "own"), &["api"])];
    let config = Config { style: Style::Extend, ..Config::default() };
    let plan = fix(&authorizer(&objects), &["get services in shop"], &config);
    assert_snapshot!(yaml_of(&plan.objects), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: own
      namespace: shop
      labels:
        'on': 'yes'
        tier: web
    rules:
    # already granted
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    # get resource "services" in API group "" in the namespace "shop"
    - apiGroups: [""]
      resources: ["services"]
      verbs: ["get"]
    "#);
    let [object] = &plan.objects[..] else { panic!("{plan:?}") };
    let yaml: serde_json::Value = serde_yaml::from_str(&yaml_of(&plan.objects)).unwrap();
    assert_eq!(yaml, json_of(object));
    assert_eq!(object.rules().len(), 2);
}

#[test]
fn cluster_wide_objects_and_subjects_of_any_kind_are_written() {
    let config = Config { scope: Scope::ClusterWide, ..Config::default() };
    for identity in [rolecall_rbac::Identity::user("jane"), rolecall_rbac::Identity::group("devs")]
    {
        let plan = plan(&authorizer(&[]), &denied(&identity, &["list pods in shop"]), &config);
        assert_eq!(plan.objects.len(), 2);
        for object in &plan.objects {
            let yaml: serde_json::Value =
                serde_yaml::from_str(&yaml_of(std::slice::from_ref(object))).unwrap();
            assert_eq!(yaml, json_of(object));
        }
        assert!(matches!(plan.objects[1], Object::Binding(_)), "a role, then a binding");
    }
}

#[test]
fn objects_are_ordered_for_applying() {
    let config = Config { missing_accounts: MissingAccounts::Created, ..Config::default() };
    let requests = ["list pods in shop", "list pods in back", "list nodes"];
    let plan = fix(&authorizer(&[]), &requests, &config);
    assert_eq!(
        names(&plan),
        [
            "ServiceAccount shop/api",
            "ClusterRole /rolecall:sa:shop:api",
            "ClusterRoleBinding /rolecall:sa:shop:api",
            "Role back/rolecall:sa:shop:api",
            "RoleBinding back/rolecall:sa:shop:api",
            "Role shop/rolecall:sa:shop:api",
            "RoleBinding shop/rolecall:sa:shop:api",
        ]
    );
    let gap = |kind: &str, namespace: &str| Gap {
        unread: Unread::Kind { kind: ObjectKind::new(kind), namespace: Some(namespace.into()) },
        because: "forbidden".into(),
        origin: Origin::Cluster,
    };
    for (kind, namespace, expected) in [
        ("Role", "shop", 1),
        ("RoleBinding", "back", 1),
        ("ServiceAccount", "shop", 1),
        ("ServiceAccount", "back", 0),
        ("ClusterRole", "", 1),
    ] {
        let gap = gap(kind, namespace);
        let hidden = plan.objects.iter().filter(|object| object.may_be_hidden_by(&gap)).count();
        assert_eq!(hidden, expected, "{kind} in {namespace}");
    }
}

#[test]
fn an_overlay_has_the_objects_and_what_they_aggregate() {
    let mut sum = role("", "sum", json!([]));
    sum["aggregationRule"] = json!({"clusterRoleSelectors": [{"matchLabels": {"app.kubernetes.io/managed-by": "rolecall"}}]});
    let before = authorizer(&[sum, ours(role("shop", "x", pods()))]);
    let config = Config { missing_accounts: MissingAccounts::Created, ..Config::default() };
    let plan = fix(&before, &["list nodes"], &config);
    let after = overlay(&before, &plan.objects);
    let inventory = after.inventory();
    assert!(inventory.service_account("shop", "api").is_some());
    assert!(inventory.role("", "rolecall:sa:shop:api").is_some());
    assert!(inventory.binding("", "rolecall:sa:shop:api").is_some());
    assert!(inventory.role("shop", "x").is_some());
    assert_eq!(inventory.role("", "sum").unwrap().rules.len(), 1);
    let [answer] = &plan.answers[..] else { panic!("{plan:?}") };
    assert_eq!(answer.before, Outcome::Denied);
    assert!(answer.after.is_allowed() && !answer.before.is_allowed());
    let Outcome::Allowed { reason } = &answer.after else { panic!("{answer:?}") };
    assert!(reason.contains("rolecall:sa:shop:api"), "{reason}");
    assert_eq!(api(), answer.denied.identity);
}
