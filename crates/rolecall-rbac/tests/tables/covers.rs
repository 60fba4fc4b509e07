use rolecall_rbac::{PolicyRule, break_down, compact, covers, covers_url, subtract};
use serde_json::{Value, json};

use rolecall_testing::api::{rule, rules};

/// A rule for resources of the core group: `VERBS RESOURCES [NAMES]`.
fn written(text: &str) -> PolicyRule {
    let mut words = text.split(' ');
    let list = |word: Option<&str>| -> Vec<String> {
        word.into_iter().flat_map(|word| word.split(',')).map(str::to_owned).collect()
    };
    let (verbs, targets) = (list(words.next()), words.next().unwrap_or_default());
    if targets.starts_with(['/', '*']) && targets.contains('/') && !targets.starts_with("*/") {
        return rule(&json!({"verbs": verbs, "nonResourceURLs": list(Some(targets))}));
    }
    let (resources, names) = (list(Some(targets)), list(words.next()));
    rule(
        &json!({"verbs": verbs, "apiGroups": [""], "resources": resources, "resourceNames": names}),
    )
}

#[test]
fn one_owner_rule_must_cover_every_dimension_of_an_atom() {
    for (owner, servant, expected) in [
        ("get pods", "get pods", true),
        ("get,list pods,nodes", "list nodes", true),
        ("get pods", "list pods", false),
        ("get pods", "get nodes", false),
        ("* pods", "list pods", true),
        ("* pods", "* pods", true),
        ("get,list pods", "* pods", false),
        ("get *", "get pods/log", true),
        ("get *", "get *", true),
        ("get pods", "get *", false),
        ("get */scale", "get deployments/scale", true),
        ("get */scale", "get deployments/status", false),
        ("get */scale", "get deployments", false),
        ("get */scale", "get */scale", true),
        ("get pods", "get pods/log", false),
        ("get pods/log", "get pods", false),
        ("get pods", "get pods web", true),
        ("get pods web", "get pods", false),
        ("get pods web", "get pods web", true),
        ("get pods web", "get pods db", false),
        ("get pods web,db", "get pods db", true),
        ("get /a", "get /a", true),
        ("get /a", "get /b", false),
        ("get /a/*", "get /a/b", true),
        ("get /a", "post /a", false),
        ("get /a", "get pods", false),
        ("get pods", "get /a", false),
    ] {
        let coverage = covers(&[written(owner)], &[written(servant)]);
        assert_eq!(coverage.is_complete(), expected, "{owner} covers {servant}");
        let uncovered = if expected { vec![] } else { break_down(&written(servant)) };
        assert_eq!(coverage.uncovered, uncovered, "{owner} covers {servant}");
    }
}

#[test]
fn groups_are_compared_like_verbs() {
    let of = |groups: &[&str]| {
        rule(&json!({"verbs": ["get"], "apiGroups": groups, "resources": ["pods"]}))
    };
    for (owner, servant, expected) in [
        (of(&["apps"]), of(&["apps"]), true),
        (of(&["apps"]), of(&[""]), false),
        (of(&["*"]), of(&["apps"]), true),
        (of(&["apps"]), of(&["*"]), false),
        (of(&["", "apps"]), of(&["apps", ""]), true),
    ] {
        assert_eq!(covers(&[owner], &[servant]).is_complete(), expected);
    }
}

#[test]
fn rules_of_the_owner_are_not_combined_within_an_atom() {
    let owner = ["get pods", "list nodes"].map(written);
    assert!(covers(&owner, &[written("get pods"), written("list nodes")]).is_complete());
    let uncovered = covers(&owner, &[written("get,list pods,nodes")]).uncovered;
    assert_eq!(uncovered, ["list pods", "get nodes"].map(written));
    assert!(covers(&[], &[]).is_complete());
    assert!(!covers(&[], &[written("get pods")]).is_complete());
}

#[test]
fn a_rule_with_an_empty_dimension_has_no_atoms() {
    for empty in [
        json!({"verbs": [], "apiGroups": [""], "resources": ["pods"]}),
        json!({"verbs": ["get"], "apiGroups": [], "resources": ["pods"]}),
        json!({"verbs": ["get"], "apiGroups": [""], "resources": []}),
        json!({"verbs": [], "nonResourceURLs": ["/a"]}),
    ] {
        assert_eq!(break_down(&rule(&empty)), [], "{empty}");
    }
}

#[test]
fn atoms_have_one_value_in_each_dimension() {
    let whole = rule(&json!({"verbs": ["get", "list"], "apiGroups": ["a", "b"],
        "resources": ["x", "y"], "resourceNames": ["m", "n"], "nonResourceURLs": ["/u", "/v"]}));
    let atoms = break_down(&whole);
    assert_eq!(atoms.len(), 2 * 2 * 2 * 2 + 2 * 2);
    let expected = json!([
        {"verbs": ["get"], "apiGroups": ["a"], "resources": ["x"], "resourceNames": ["m"]},
        {"verbs": ["get"], "apiGroups": ["a"], "resources": ["x"], "resourceNames": ["n"]},
        {"verbs": ["list"], "apiGroups": ["a"], "resources": ["x"], "resourceNames": ["m"]},
    ]);
    assert_eq!(atoms[..3], rules(&expected));
    let expected = json!([
        {"verbs": ["get"], "nonResourceURLs": ["/u"]}, {"verbs": ["list"], "nonResourceURLs": ["/u"]},
        {"verbs": ["get"], "nonResourceURLs": ["/v"]}, {"verbs": ["list"], "nonResourceURLs": ["/v"]},
    ]);
    assert_eq!(atoms[16..], rules(&expected));
}

#[test]
fn subtraction_leaves_the_uncovered_atoms_merged() {
    let rest = subtract(
        &[written("get,list,watch pods"), written("get nodes"), written("get /a")],
        &[written("list pods"), written("get /a")],
    );
    assert_eq!(rest, ["get,watch pods", "get nodes"].map(written));
}

#[track_caller]
fn compacts(before: Value, after: Value) {
    assert_eq!(compact(rules(&before)), rules(&after));
}

#[test]
fn only_rules_with_the_same_single_target_are_merged() {
    let one = |verb: &str, group: &str, resource: &str| json!({"verbs": [verb], "apiGroups": [group], "resources": [resource]});
    compacts(
        json!([
            one("get", "", "pods"),
            one("get", "apps", "pods"),
            one("list", "", "pods"),
            one("get", "", "nodes")
        ]),
        json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}, one("get", "apps", "pods"), one("get", "", "nodes")]),
    );
    let named = |verb: &str, names: &[&str]| json!({"verbs": [verb], "apiGroups": [""], "resources": ["pods"], "resourceNames": names});
    compacts(
        json!([
            named("get", &["a"]),
            named("get", &["b"]),
            named("list", &["a"]),
            named("get", &[])
        ]),
        json!([{"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]}, named("get", &["b"]), named("get", &[])]),
    );
    for twice in [
        named("get", &["a", "b"]),
        json!({"verbs": ["get"], "apiGroups": ["", "apps"], "resources": ["pods"]}),
        json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods", "nodes"]}),
        json!({"verbs": ["get"], "apiGroups": [], "resources": ["pods"]}),
        json!({"verbs": ["get"], "apiGroups": [""], "resources": []}),
        json!({"verbs": ["get"], "nonResourceURLs": ["/a"]}),
        json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "nonResourceURLs": ["/a"]}),
    ] {
        compacts(json!([twice, twice]), json!([twice, twice]));
    }
}

#[test]
fn urls_are_covered_by_equality_or_by_a_prefix_before_a_star() {
    for (owner, wanted, expected) in [
        ("/a", "/a", true),
        ("/a", "/a/b", false),
        ("/a/*", "/a/b", true),
        ("/a/*", "/a", false),
        ("/a*", "/a", true),
        ("*", "/a", true),
        ("*", "*", true),
        ("/a/*", "/a/*", true),
        ("/a/*", "*", false),
        ("/a/*/b", "/a/x/b", false),
        ("/a", "/b", false),
    ] {
        assert_eq!(covers_url(owner, wanted), expected, "{owner} {wanted}");
    }
}
