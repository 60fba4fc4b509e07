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
