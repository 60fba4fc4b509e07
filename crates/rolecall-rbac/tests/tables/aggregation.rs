use std::collections::BTreeSet;

use rolecall_rbac::{
    AggregationDrift, LabelSelector, Metadata, PolicyRule, resolve_aggregation, settle_aggregation,
};
use serde_json::{Value, json};

use rolecall_testing::api::{builder, role};

/// A ClusterRole whose rules grant these verbs on Pods, one rule each.
fn cluster_role(name: &str, labels: Value, verbs: &[&str], stored: bool) -> Value {
    let rules: Vec<Value> = verbs
        .iter()
        .map(|verb| json!({"verbs": [verb], "apiGroups": [""], "resources": ["pods"]}))
        .collect();
    let mut object = json!({"kind": "ClusterRole", "metadata": {"name": name, "labels": labels},
        "rules": rules});
    if stored {
        object["metadata"]["uid"] = "1".into();
    }
    object
}

/// Makes a ClusterRole select others by the label `to`, with one of the values.
fn selecting(mut role: Value, values: &[&str]) -> Value {
    let selectors: Vec<Value> =
        values.iter().map(|value| json!({"matchLabels": {"to": value}})).collect();
    role["aggregationRule"] = json!({ "clusterRoleSelectors": selectors });
    role
}

fn to(value: &str) -> Value {
    json!({ "to": value })
}

fn verbs(rules: &[PolicyRule]) -> Vec<String> {
    rules.iter().flat_map(|rule| rule.verbs.iter()).map(ToString::to_string).collect()
}

/// Returns the verbs of each ClusterRole after aggregation, and the differences.
fn aggregate(objects: &[Value]) -> (Vec<(String, Vec<String>)>, Vec<AggregationDrift>) {
    let mut inventory = builder(objects).build();
    let drifts = resolve_aggregation(&mut inventory);
    let roles = inventory.roles().iter().filter(|role| role.is_cluster_role());
    (roles.map(|role| (role.metadata.name.to_string(), verbs(&role.rules))).collect(), drifts)
}

#[track_caller]
fn check(objects: &[Value], roles: &[(&str, &[&str])], drifts: &[&str]) {
    let (found, found_drifts) = aggregate(objects);
    let found: Vec<(&str, Vec<&str>)> = found
        .iter()
        .map(|(name, verbs)| (name.as_str(), verbs.iter().map(String::as_str).collect()))
        .collect();
    let roles: Vec<(&str, Vec<&str>)> =
        roles.iter().map(|(name, verbs)| (*name, verbs.to_vec())).collect();
    assert_eq!(found, roles);
    let found: Vec<String> = found_drifts
        .iter()
        .map(|drift| {
            let (added, overwritten) = (verbs(&drift.added), verbs(&drift.overwritten));
            let applied = if drift.applied { "applied" } else { "kept" };
            format!("{} +{} -{} {applied}", drift.role, added.join(","), overwritten.join(","))
        })
        .collect();
    assert_eq!(found, drifts);
}

#[test]
fn a_new_role_gets_the_rules_of_the_roles_that_it_selects() {
    check(
        &[
            selecting(cluster_role("sum", json!({"to": "x"}), &["old"], false), &["x", "y"]),
            cluster_role("a", to("y"), &["get", "list"], false),
            cluster_role("b", to("x"), &["list", "watch"], false),
            cluster_role("c", to("z"), &["delete"], false),
            json!({"kind": "Role", "metadata": {"namespace": "n", "name": "d", "labels": {"to": "x"}},
                "rules": [{"verbs": ["patch"], "apiGroups": [""], "resources": ["pods"]}]}),
        ],
        // The first selector's roles come first; equal rules occur once; `sum` does not select itself.
        &[
            ("a", &["get", "list"]),
            ("b", &["list", "watch"]),
            ("c", &["delete"]),
            ("sum", &["list", "watch", "get"]),
        ],
        &["sum +list,watch,get -old applied"],
    );
}

#[test]
fn a_stored_role_keeps_its_rules_while_all_selected_roles_are_stored() {
    check(
        &[
            selecting(cluster_role("sum", json!({}), &["old", "get"], true), &["x"]),
            cluster_role("a", to("x"), &["get", "list"], true),
        ],
        &[("a", &["get", "list"]), ("sum", &["old", "get"])],
        &["sum +list -old kept"],
    );
}

#[test]
fn a_stored_role_keeps_its_rules_when_it_selects_a_new_role() {
    check(
        &[
            selecting(cluster_role("sum", json!({}), &["old"], true), &["x"]),
            cluster_role("a", to("x"), &["get"], true),
            cluster_role("b", to("x"), &["list"], false),
        ],
        &[("a", &["get"]), ("b", &["list"]), ("sum", &["old"])],
        &["sum +get,list -old kept"],
    );
}

#[test]
fn a_stored_role_is_filled_again_when_a_role_that_it_selects_changes() {
    let roles = [
        selecting(cluster_role("outer", json!({}), &["old"], true), &["sum"]),
        selecting(cluster_role("sum", to("sum"), &["old"], true), &["x"]),
        selecting(cluster_role("other", json!({}), &["old"], true), &["y"]),
        cluster_role("a", json!({"to": "x"}), &["get"], true),
        cluster_role("b", to("y"), &["list"], false),
    ];
    let mut inventory = builder(&roles).build();
    settle_aggregation(&mut inventory, &BTreeSet::from(["a"]));
    let rules = |name: &str| inventory.role("", name).unwrap().rules[0].verbs.join(",");
    assert_eq!(["outer", "sum", "other"].map(rules), ["get", "get", "old"]);
}

#[test]
fn rules_flow_through_aggregated_roles_in_any_order() {
    for (outer, inner) in [("a", "z"), ("z", "a")] {
        let mut roles: [(&str, &[&str]); 3] =
            [(outer, &["get"]), (inner, &["get"]), ("m", &["get"])];
        roles.sort();
        let mut drifts = [format!("{outer} +get - applied"), format!("{inner} +get - applied")];
        drifts.sort();
        check(
            &[
                selecting(cluster_role(outer, json!({}), &[], false), &["inner"]),
                selecting(cluster_role(inner, to("inner"), &[], false), &["leaf"]),
                cluster_role("m", to("leaf"), &["get"], false),
            ],
            &roles,
            &drifts.iter().map(String::as_str).collect::<Vec<_>>(),
        );
    }
}

#[test]
fn a_new_role_gets_the_stored_rules_of_an_aggregated_role_that_stays_unchanged() {
    check(
        &[
            selecting(cluster_role("outer", json!({}), &[], false), &["inner"]),
            selecting(cluster_role("inner", to("inner"), &["stored"], true), &["leaf"]),
            cluster_role("m", to("leaf"), &["get"], true),
        ],
        &[("inner", &["stored"]), ("m", &["get"]), ("outer", &["stored"])],
        &["inner +get -stored kept", "outer +stored - applied"],
    );
}

#[test]
fn an_aggregated_role_that_selects_nothing_keeps_its_rules() {
    check(
        &[
            selecting(cluster_role("sum", json!({}), &["old"], false), &["x"]),
            cluster_role("a", to("y"), &["get"], false),
        ],
        &[("a", &["get"]), ("sum", &["old"])],
        &[],
    );
}

#[test]
fn roles_that_select_each_other_end_with_the_same_rules() {
    check(
        &[
            selecting(cluster_role("a", to("a"), &[], false), &["b", "leaf"]),
            selecting(cluster_role("b", to("b"), &[], false), &["a"]),
            cluster_role("c", to("leaf"), &["get"], false),
        ],
        &[("a", &["get"]), ("b", &["get"]), ("c", &["get"])],
        &["a +get - applied", "b +get - applied"],
    );
}

#[test]
fn roles_that_select_each_other_keep_what_they_give_each_other() {
    // The controller fills `a` from the written rules of `b`, and then `b` from `a`.
    check(
        &[
            selecting(cluster_role("a", to("a"), &[], false), &["b"]),
            selecting(cluster_role("b", to("b"), &["get"], false), &["a"]),
        ],
        &[("a", &["get"]), ("b", &["get"])],
        &["a +get - applied"],
    );
}

#[test]
fn a_role_with_the_computed_rules_has_no_difference() {
    for (written, drifts) in [
        (vec!["get", "list"], vec![]),
        (vec!["list", "get"], vec![]),
        (vec!["get"], vec!["sum +list - kept"]),
        (vec!["get", "list", "old"], vec!["sum + -old kept"]),
    ] {
        check(
            &[
                selecting(cluster_role("sum", json!({}), &written, true), &["x"]),
                cluster_role("a", to("x"), &["get", "list"], true),
            ],
            &[("a", &["get", "list"]), ("sum", &written)],
            &drifts,
        );
    }
}

/// Returns the selector of a ClusterRole that selects with it.
fn selector(value: Value) -> LabelSelector {
    let object = json!({"kind": "ClusterRole", "metadata": {"name": "r"},
        "aggregationRule": {"clusterRoleSelectors": [value]}});
    role(&object).aggregation.unwrap().selectors[0].clone()
}

#[test]
fn selectors_compare_labels_as_the_controller_does() {
    let expression = |operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": "a", "operator": operator, "values": values}]});
    let both = json!({"matchLabels": {"a": "1"},
        "matchExpressions": [{"key": "b", "operator": "Exists"}]});
    for (value, labels, expected) in [
        (json!({}), json!({}), true),
        (json!({"matchLabels": {"a": "1"}}), json!({"a": "1", "b": "2"}), true),
        (json!({"matchLabels": {"a": "1"}}), json!({"a": "2"}), false),
        (json!({"matchLabels": {"a": "1"}}), json!({}), false),
        (json!({"matchLabels": {"a": "1", "b": "2"}}), json!({"a": "1"}), false),
        (expression("In", &["1", "2"]), json!({"a": "2"}), true),
        (expression("In", &["1", "2"]), json!({"a": "3"}), false),
        (expression("In", &["1"]), json!({}), false),
        (expression("NotIn", &["1", "2"]), json!({"a": "2"}), false),
        (expression("NotIn", &["1", "2"]), json!({"a": "3"}), true),
        (expression("NotIn", &["1"]), json!({}), true),
        (expression("Exists", &[]), json!({"a": ""}), true),
        (expression("Exists", &[]), json!({"b": "1"}), false),
        (expression("DoesNotExist", &[]), json!({"a": ""}), false),
        (expression("DoesNotExist", &[]), json!({"b": "1"}), true),
        (expression("Gt", &["0"]), json!({"a": "1"}), false),
        (both.clone(), json!({"a": "1", "b": "x"}), true),
        (both.clone(), json!({"a": "1"}), false),
        (both, json!({"b": "x"}), false),
    ] {
        let object = json!({"kind": "ClusterRole", "metadata": {"name": "r", "labels": labels}});
        let metadata: Metadata = role(&object).metadata;
        assert_eq!(selector(value.clone()).matches(&metadata), expected, "{value} {labels}");
    }
}

/// Returns ClusterRoles that select each other and all of as many others, one rule each.
fn all_selecting_all(count: usize) -> Vec<Value> {
    let selecting = (0..count).map(|index| {
        let mut role = cluster_role(&format!("all-{index}"), json!({}), &[], false);
        role["aggregationRule"] = json!({"clusterRoleSelectors": [{}]});
        role
    });
    let others = (0..count).map(|index| {
        cluster_role(&format!("one-{index}"), json!({}), &[&format!("v{index}")], false)
    });
    selecting.chain(others).collect()
}

#[test]
fn thousands_of_roles_that_select_all_roles_share_one_list() {
    let count = 2_000;
    let mut inventory = builder(&all_selecting_all(count)).build();
    let drifts = resolve_aggregation(&mut inventory);
    assert_eq!(drifts.len(), count);
    let first = inventory.role("", "all-0").unwrap();
    assert_eq!(first.rules.len(), count);
    let shares = |role: &&rolecall_rbac::Role| role.rules.as_ptr() == first.rules.as_ptr();
    assert_eq!(inventory.roles().iter().filter(shares).count(), count);
}

#[test]
fn rules_flow_through_chains_of_thousands_of_roles() {
    let count = 5_000;
    let name = |index: usize| format!("c{index:05}");
    let mut roles: Vec<Value> = (0..count)
        .map(|index| {
            let role = cluster_role(&name(index), to(&name(index)), &[], false);
            selecting(role, &[&name(index + 1)])
        })
        .collect();
    roles.push(cluster_role(&name(count), to(&name(count)), &["get"], false));
    let mut inventory = builder(&roles).build();
    assert_eq!(resolve_aggregation(&mut inventory).len(), count);
    assert!(inventory.roles().iter().all(|role| verbs(&role.rules) == ["get"]));
}

#[test]
fn roles_in_a_cycle_get_what_any_of_them_selects() {
    check(
        &[
            selecting(cluster_role("a", to("a"), &["lost"], false), &["b"]),
            selecting(cluster_role("b", to("b"), &["copied"], false), &["c", "x"]),
            selecting(cluster_role("c", to("c"), &[], false), &["a", "y"]),
            cluster_role("x", to("x"), &["get"], false),
            cluster_role("y", to("y"), &["list"], false),
        ],
        &[
            ("a", &["copied", "get", "list"]),
            ("b", &["copied", "get", "list"]),
            ("c", &["copied", "get", "list"]),
            ("x", &["get"]),
            ("y", &["list"]),
        ],
        &[
            "a +copied,get,list -lost applied",
            "b +get,list - applied",
            "c +copied,get,list - applied",
        ],
    );
}
