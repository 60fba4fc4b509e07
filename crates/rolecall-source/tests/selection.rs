//! A narrower selection does not change how the selected objects are read.

#![allow(missing_docs, reason = "a test is not a library")]

use rolecall_source::manifests::{Defaults, LoadConfig, Loaded, Selection, load};

fn read(text: &str, selection: Selection) -> Loaded {
    let config = LoadConfig {
        paths: vec!["-".into()],
        default_namespace: "default".to_owned(),
        defaults: Defaults::None,
        selection,
        exclude: Vec::new(),
    };
    load(&config, text.as_bytes())
}

/// Checks the number of workloads, the roles and the problems.
#[track_caller]
fn check(text: &str, workloads: usize, roles: &[&str], problems: &[&str]) {
    let all = read(text, Selection::Everything);
    let selected = read(text, Selection::WithoutWorkloads);
    assert_eq!(all.inventory.workloads().len(), workloads, "{text}");
    assert!(selected.inventory.workloads().is_empty(), "{text}");
    for loaded in [all, selected] {
        let names: Vec<&str> =
            loaded.inventory.roles().iter().map(|role| &*role.metadata.name).collect();
        assert_eq!(names, roles, "{text}");
        let reported: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert_eq!(reported, problems, "{text}");
    }
}

const ROLE: &str =
    r#"{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"r"}}"#;

#[test]
fn only_workloads_are_left_out() {
    let pod = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c"}]}}"#;
    check(&format!(r#"{{"kind":"List","items":[{pod},{ROLE}]}}"#), 1, &["r"], &[]);
    check(&format!("{pod}\n{ROLE}\n"), 1, &["r"], &[]);
    check(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r}\n",
        1,
        &["r"],
        &[],
    );
    check(
        &format!(
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{containers: [{{name: c, image: i}}]}}\n---\n{ROLE}\n"
        ),
        1,
        &["r"],
        &[],
    );
}

#[test]
fn a_late_kind_is_recognized() {
    let role = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"r"},"spec":{},"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1"}"#;
    check(&format!(r#"{{"kind":"List","items":[{role}]}}"#), 0, &["r"], &[]);
    check(role, 0, &["r"], &[]);
    // After an irrelevant object, only the keys of others are read.
    let pod = |name: &str| {
        format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}},"spec":{{}}}}"#)
    };
    let (a, b, c) = (pod("a"), pod("b"), pod("c"));
    check(&format!(r#"{{"kind":"List","items":[{a},{b},{role},{c}]}}"#), 3, &["r"], &[]);
    let unnamed = |name: &str| format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{}}}}"#);
    let list = r#"{"apiVersion":"v1","kind":"PodList","items":["#;
    let (a, b) = (unnamed("a"), unnamed("b"));
    check(&format!("{list}{a},{b},{role}]}}"), 2, &["r"], &[]);
}

#[test]
fn malformed_json_is_reported_everywhere() {
    for (broken, problem) in [
        (r#""a" "b""#, "<stdin>:1:100: expected `,` or `}`"),
        (r#""a", "x": tru"#, "<stdin>:1:109: expected `true`, `false` or `null`"),
        (
            "\"a\u{1}\"",
            "<stdin>:1:97: control character (\\u0000-\\u001F) found while parsing a string",
        ),
    ] {
        let text = format!(
            r#"{{"kind":"List","items":[{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"p"}},"status":{{"s": {broken}}}}},{ROLE}]}}"#
        );
        let loaded = read(&text, Selection::WithoutWorkloads);
        let reported: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        assert_eq!(reported, [problem], "{text}");
    }
}
