//! Subjects that can act as a stronger ServiceAccount of a namespace.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use support::{bound, risks_of};

/// Returns what is said of becoming a stronger ServiceAccount, where a role is bound beside one.
fn stronger(rules: &str) -> Vec<String> {
    stronger_beside(rules, "")
}

fn stronger_beside(rules: &str, more: &str) -> Vec<String> {
    let beside = "---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: operator, namespace: sec}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: operator}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: operator, namespace: sec}]
";
    let found = risks_of(&bound("Role", "sec", rules, &format!("{beside}{more}")));
    found.into_iter().filter(|risk| risk.starts_with("RC513")).collect()
}

#[test]
fn writing_secrets_is_of_use_to_those_who_can_read_them() {
    let create = "{apiGroups: [''], resources: [secrets], verbs: [create]}";
    let rows = [
        (String::new(), None),
        (
            ", {apiGroups: [''], resources: [secrets], verbs: [get]}".to_owned(),
            Some("RC513 critical"),
        ),
        (
            ", {apiGroups: [''], resources: [secrets], verbs: [watch]}".to_owned(),
            Some("RC513 critical"),
        ),
        (
            ", {apiGroups: [''], resources: [secrets], resourceNames: [own], verbs: [get, update]}"
                .to_owned(),
            Some("RC513 info"),
        ),
    ];
    for (read, expected) in rows {
        let found = stronger(&format!("{create}{read}"));
        let start = found.first().map(|risk| risk.split(" `").next().unwrap());
        assert_eq!((start, found.len()), (expected, usize::from(expected.is_some())), "{read}");
    }
}

#[test]
fn changing_a_named_workload_is_becoming_any_account_beside_it() {
    let workload = |kind: &str| {
        format!(
            "---
apiVersion: apps/v1
kind: {kind}
metadata: {{name: web, namespace: sec}}
spec: {{template: {{spec: {{containers: [{{name: a, image: b}}]}}}}}}
"
        )
    };
    for (verb, name, kind, expected) in [
        ("patch", "web", "Deployment", Some("RC513 critical")),
        ("update", "web", "StatefulSet", Some("RC513 critical")),
        ("get", "web", "Deployment", None),
        ("patch", "other", "Deployment", None),
        ("create", "web", "Deployment", None),
    ] {
        let plural = format!("{}s", kind.to_lowercase());
        let rule = format!(
            "{{apiGroups: [apps], resources: [{plural}], resourceNames: [{name}], verbs: [{verb}]}}"
        );
        let found = stronger_beside(&rule, &workload(kind));
        let start = found.first().map(|risk| risk.split(" `").next().unwrap());
        assert_eq!(start, expected, "{verb} {name} {kind}: {found:?}");
    }
}
