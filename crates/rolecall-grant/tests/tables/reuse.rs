use rolecall_grant::{Config, Style};
use serde_json::{Value, json};

use crate::support::{authorizer, binding, fix, names, ours, pods, role};

fn rules(resources: &[&str], verbs: &[&str]) -> Value {
    json!([{"apiGroups": [""], "resources": resources, "verbs": verbs}])
}

/// Returns the objects of the plan for `list pods in shop`.
fn planned(objects: &[Value], style: Style) -> Vec<String> {
    let config = Config { style, ..Config::default() };
    names(&fix(&authorizer(objects), &["list pods in shop"], &config))
}

#[test]
fn only_a_role_of_the_namespace_that_people_wrote_is_extended() {
    let services = || rules(&["services"], &["get"]);
    let mut aggregated = role("shop", "own", services());
    aggregated["aggregationRule"] = json!({"clusterRoleSelectors": [{}]});
    for (case, objects, expected) in [
        (
            "its own",
            vec![role("shop", "own", services()), binding("shop", "b", ("Role", "own"), &["api"])],
            true,
        ),
        (
            "bound twice to the same subject",
            vec![
                role("shop", "own", services()),
                binding("shop", "b", ("Role", "own"), &["api"]),
                binding("shop", "c", ("Role", "own"), &["api"]),
            ],
            true,
        ),
        ("not bound", vec![role("shop", "own", services())], false),
        ("aggregated", vec![aggregated, binding("shop", "b", ("Role", "own"), &["api"])], false),
        (
            "of another namespace",
            vec![role("back", "own", services()), binding("back", "b", ("Role", "own"), &["api"])],
            false,
        ),
    ] {
        let is_extended = planned(&objects, Style::Extend)[0] == "Role shop/own";
        assert_eq!(is_extended, expected, "{case}");
    }
    let system = [
        role("shop", "system:own", services()),
        binding("shop", "b", ("Role", "system:own"), &["api"]),
    ];
    assert_eq!(planned(&system, Style::Extend)[0], "Role shop/rolecall:sa:shop:api");
}

#[test]
fn a_role_is_reused_by_excess_then_kind_then_name() {
    let list_pods = || rules(&["pods"], &["list"]);
    let two = || rules(&["pods", "services"], &["list"]);
    let with_url = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]);
    let with_risk = json!([{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["serviceaccounts/token"], "verbs": ["create"]}]);
    let reuse = Style::Reuse { max_excess: None };
    for (case, objects, expected) in [
        ("none", vec![], None),
        ("not enough", vec![role("shop", "a", rules(&["pods"], &["get"]))], None),
        (
            "a Role before a ClusterRole",
            vec![role("", "a", list_pods()), role("shop", "b", list_pods())],
            Some("Role:b"),
        ),
        (
            "the first name",
            vec![role("shop", "b", list_pods()), role("shop", "a", list_pods())],
            Some("Role:a"),
        ),
        (
            "less excess before a Role",
            vec![role("", "a", list_pods()), role("shop", "b", two())],
            Some("ClusterRole:a"),
        ),
        ("excess", vec![role("shop", "b", two())], Some("Role:b")),
        ("of another namespace", vec![role("back", "a", list_pods())], None),
        ("generated", vec![ours(role("shop", "a", list_pods()))], None),
        (
            "exact system role",
            vec![role("", "system:a", list_pods())],
            Some("ClusterRole:system:a"),
        ),
        ("wider system role", vec![role("", "system:a", two())], None),
        (
            "a system role last",
            vec![role("", "system:a", list_pods()), role("", "z", list_pods())],
            Some("ClusterRole:z"),
        ),
        (
            "URLs do not count in a namespace",
            vec![role("", "b", with_url), role("shop", "c", two())],
            Some("ClusterRole:b"),
        ),
        ("no other risk", vec![role("shop", "a", with_risk)], None),
    ] {
        let last = planned(&objects, reuse).pop().unwrap();
        let expected = match expected {
            Some(role) => format!("RoleBinding shop/rolecall:sa:shop:api+{role}"),
            None => "RoleBinding shop/rolecall:sa:shop:api".to_owned(),
        };
        assert_eq!(last, expected, "{case}");
    }
    let objects = [role("shop", "b", two())];
    for (max_excess, is_reused) in [(0, false), (1, true)] {
        let last = planned(&objects, Style::Reuse { max_excess: Some(max_excess) }).pop().unwrap();
        assert_eq!(last.ends_with("+Role:b"), is_reused, "{max_excess}");
    }
}

#[test]
fn a_new_role_is_planned_although_another_would_do() {
    let objects = [role("shop", "a", pods())];
    assert_eq!(
        planned(&objects, Style::New),
        ["Role shop/rolecall:sa:shop:api", "RoleBinding shop/rolecall:sa:shop:api"]
    );
}
