//! Placeholders that nothing has substituted: no command takes them for names.

use crate::command::rolecall_with;

const SHOP: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: account, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: account, containers: [{name: web, image: web}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: binding, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: account, namespace: shop}]
"#;

const COMMANDS: [&str; 8] = [
    "can-i get pods --for sa/shop:account -n shop -f -",
    "can-i get pods --for deployment/web -n shop -f -",
    "who-can get pods -n shop -f -",
    "rules --for deployment/web -n shop -f -",
    "walk deployment/web -n shop -f -",
    "why get pods --for deployment/web -n shop -f -",
    "fix get pods --for deployment/web -n shop -f -",
    "check - --severity high",
];

fn exit(command: &str, manifests: &str) -> String {
    rolecall_with(command, manifests).exit.map(|exit| exit.to_string()).unwrap_or_default()
}

#[test]
fn every_command_leaves_open_what_depends_on_a_placeholder() {
    let codes = |manifests: &str| COMMANDS.map(|command| exit(command, manifests)).concat();
    assert_eq!(codes(SHOP), "11000100");
    // In the order of the commands. An answer that does not depend on the placeholder stays definite.
    for (from, to, expected) in [
        (
            "name: account, namespace: shop}\n---",
            "name: '${SA}', namespace: shop}\n---",
            "11003101",
        ),
        ("serviceAccountName: account", "serviceAccountName: '${SA}'", "13033333"),
        (
            "metadata: {name: reader, namespace: shop",
            "metadata: {name: '${R}', namespace: shop",
            "33333331",
        ),
        (
            "metadata: {name: reader, namespace: shop",
            "metadata: {name: reader, namespace: '${NS}'",
            "33333333",
        ),
        ("resources: [configmaps]", "resources: ['<resource>']", "33333333"),
        ("verbs: [get]", "verbs: ['%VERB%']", "33333333"),
        ("apiGroups: [\"\"]", "apiGroups: ['$(GROUP)']", "33333333"),
        ("name: reader}", "name: '${ROLE}'}", "33333333"),
        ("name: account, namespace: shop}]", "name: '$SA', namespace: shop}]", "33333333"),
        ("name: account, namespace: shop}]", "name: account, namespace: '${NS}'}]", "33333333"),
        (
            "name: binding, namespace: shop",
            "name: binding, namespace: 'ENC[AES256_GCM,data:x]'",
            "33333333",
        ),
    ] {
        assert!(SHOP.contains(from), "{from}");
        assert_eq!(codes(&SHOP.replace(from, to)), expected, "{to}");
    }
}

#[test]
fn one_variable_in_several_places_has_one_value() {
    let manifests = SHOP.replace("name: account", "name: '${SA}'");
    let manifests = manifests.replace("Name: account", "Name: '${SA}'");
    let answer =
        rolecall_with("can-i get configmaps --for deployment/web -n shop -f -", &manifests);
    assert!(answer.stdout.starts_with("yes"), "{answer}");
    assert_eq!(exit("check - --severity high", &manifests), "3");
}

#[test]
fn a_placeholder_is_not_an_assumed_namespace() {
    let manifests = SHOP.replace("shop", "${NS}").replace("${NS}", "'${NS}'");
    let ran = rolecall_with("can-i get pods --for user/u -f -", &manifests);
    assert!(!ran.stderr.contains("assuming namespace"), "{ran}");
    assert!(!ran.stdout.contains("in the namespace \"${NS}\""), "{ran}");
    assert_eq!(ran.exit, Some(3), "{ran}");
}

#[test]
fn check_reports_why_an_object_was_not_read() {
    let manifests = SHOP.replace("verbs: [get]", "verbs: ['%VERB%']");
    let ran = rolecall_with("check -", &manifests);
    assert!(ran.stdout.contains("`%VERB%` is not substituted"), "{ran}");
}

#[test]
fn an_unknown_version_of_rbac_is_noted() {
    for (version, noted) in [("v1", false), ("v1beta1", false), ("v3", true)] {
        let manifests = SHOP.replace("k8s.io/v1", &format!("k8s.io/{version}"));
        let ran = rolecall_with("can-i get cm --for sa/account -n shop -f -", &manifests);
        let note = format!("note: `rbac.authorization.k8s.io/{version}` is not a version of RBAC");
        assert_eq!(ran.stderr.contains(&note), noted, "{ran}");
    }
}
