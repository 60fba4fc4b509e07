//! Names that no server accepts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

#[test]
fn invalid_names_are_reported() {
    let core = |kind: &str, metadata: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata: {{{metadata}}}\n")
    };
    let rbac = |kind: &str, metadata: &str, more: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{{metadata}}}\n{more}\n"
        )
    };
    let long = "a".repeat(64);
    for (manifest, expected) in [
        (rbac("Role", "name: r, namespace: Bad_NS!", ""), vec!["metadata.namespace"]),
        (rbac("Role", "name: r, namespace: a.b", ""), vec!["metadata.namespace"]),
        (rbac("Role", &format!("name: r, namespace: {long}"), ""), vec!["metadata.namespace"]),
        (rbac("Role", "name: r, namespace: '${NS}'", ""), vec![]),
        (rbac("Role", "name: '${NAME}/x', namespace: shop", ""), vec![]),
        (rbac("Role", "name: a/b, namespace: shop", ""), vec!["metadata.name"]),
        (rbac("ClusterRole", "name: r, namespace: Bad_NS!", ""), vec![]),
        (
            rbac(
                "ClusterRole",
                "name: r, labels: {'a b': x, c: 'd!', /e: f, g/h/i: j, k: '${L}'}",
                "",
            ),
            vec!["metadata.labels"; 4],
        ),
        (
            rbac(
                "ClusterRole",
                "name: r",
                "aggregationRule: {clusterRoleSelectors: [{matchLabels: {'a b': c}, matchExpressions: \
                 [{key: d, operator: In, values: ['e f']}]}]}",
            ),
            vec![
                "aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values[0]",
                "aggregationRule.clusterRoleSelectors[0].matchLabels",
            ],
        ),
        (core("ServiceAccount", "name: Web_1, namespace: shop"), vec!["metadata.name"]),
        (core("ServiceAccount", "name: web, namespace: Shop"), vec!["metadata.namespace"]),
        (core("Namespace", "name: a.b"), vec!["metadata.name"]),
        (core("Namespace", "name: '${NS}'"), vec![]),
        (core("Pod", "name: web, namespace: a.b") + "spec: {}\n", vec!["metadata.namespace"]),
    ] {
        let mut found: Vec<String> = support::findings_of(&manifest)
            .into_iter()
            .filter(|finding| finding.rule.code == rolecall_check::RuleCode(105))
            .map(|finding| finding.field.to_string())
            .collect();
        found.sort();
        assert_eq!(found, expected, "{manifest}");
    }
}

#[test]
fn a_pod_with_an_impossible_account_is_rejected_and_not_advised_to_create_it() {
    for (name, expected) in [
        (
            "Web_1",
            "high no ServiceAccount can be named `Web_1`: a server rejects the Pods; use lower case letters, \
             digits, `-` and `.`",
        ),
        (
            "SERVICE_ACCOUNT",
            "info no ServiceAccount can be named `SERVICE_ACCOUNT`: a server rejects the Pods; replace the \
             placeholder before you apply it",
        ),
        (
            "web",
            "medium ServiceAccount `shop/web` is not in the input; create the ServiceAccount, or list \
             `ServiceAccount shop/web` under `external:` in rolecall.yaml",
        ),
    ] {
        let manifest = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: shop}}\n\
             spec: {{serviceAccountName: '{name}', containers: [{{name: a, image: b}}]}}\n"
        );
        let found: Vec<String> = support::findings_of(&manifest)
            .into_iter()
            .filter(|finding| finding.rule.code == rolecall_check::RuleCode(405))
            .map(|finding| format!("{} {}; {}", finding.severity, finding.message, finding.fix))
            .collect();
        assert_eq!(found, [expected], "{name}");
    }
}

#[test]
fn a_placeholder_is_reported_once_and_is_informational() {
    let role = |name: &str, namespace: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        )
    };
    let objects = ["a", "b", "c"].map(|name| role(name, "FILLED BY THE OPERATOR")).join("---\n");
    let found = support::findings_of(&objects);
    let rejected: Vec<String> = found
        .iter()
        .filter(|finding| finding.rule.code == rolecall_check::RuleCode(105))
        .map(|finding| format!("{} {}", finding.severity, finding.message))
        .collect();
    assert_eq!(
        rejected,
        [
            "info Invalid value: \"FILLED BY THE OPERATOR\": no namespace can have this name, here and in 2 other \
          objects"
        ]
    );
    // Variables in keys are those of a template.
    let template =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a\n  ${COMMENT}namespace: b\n";
    assert!(
        support::findings_of(template)
            .iter()
            .all(|it| it.rule.code != rolecall_check::RuleCode(105))
    );
}
