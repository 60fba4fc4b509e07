//! Fields that no server knows, and fields in the wrong place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::RuleCode;

/// Returns the fixes of RC105 for manifests, and the other codes of broken and empty objects.
fn unknown_fields(manifest: &str) -> Vec<String> {
    let findings = support::findings_of(manifest).into_iter();
    findings
        .filter(|finding| matches!(finding.rule.code, RuleCode(105 | 210)))
        .map(|finding| {
            format!("{} {} {}: {}", finding.rule.code, finding.severity, finding.field, finding.fix)
        })
        .collect()
}

#[test]
fn a_field_that_servers_do_not_know_is_reported_with_the_one_that_was_meant() {
    const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: x, namespace: shop}\n";
    const BINDING: &str = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                           metadata: {name: x, namespace: shop}\n";
    const REF: &str =
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}\n";
    const SUBJECTS: &str = "subjects: [{kind: ServiceAccount, name: default}]\n";
    const ACCOUNT: &str =
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: x, namespace: shop}\n";
    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: shop}\n";
    const DEPLOYMENT: &str =
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x, namespace: shop}\n";
    const CRON: &str =
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x, namespace: shop}\n";
    const PODS: &str = "{containers: [{name: a, image: a}]}";
    for (manifest, expected) in [
        (
            format!("{DEPLOYMENT}sepc: {{template: {{spec: {PODS}}}}}"),
            "RC105 high sepc: use `spec`",
        ),
        (
            format!("{DEPLOYMENT}spec: {{tempalte: {{spec: {PODS}}}}}"),
            "RC105 high spec.tempalte: use `template`",
        ),
        (
            format!("{DEPLOYMENT}spec: {{template: {{spce: {PODS}}}}}"),
            "RC105 high spec.template.spce: use `spec`",
        ),
        (
            format!("{CRON}spec: {{jobTemplates: {{spec: {{template: {{spec: {PODS}}}}}}}}}"),
            "RC105 high spec.jobTemplates: use `jobTemplate`",
        ),
        (
            format!("{CRON}spec: {{jobTemplate: {{spec: {{templte: {{spec: {PODS}}}}}}}}}"),
            "RC105 high spec.jobTemplate.spec.templte: use `template`",
        ),
        (
            format!(
                "{ROLE}rules: [{{apiGroups: [''], resources: [secrets], resourceName: [web-tls], verbs: [get]}}]"
            ),
            "RC105 high rules[0].resourceName: use `resourceNames`",
        ),
        (
            format!("{ROLE}rules: [{{apiGroups: [''], resources: [secrets], verb: [get]}}]"),
            "RC105 high rules[0].verb: use `verbs`",
        ),
        (
            format!("{ROLE}rule: [{{apiGroups: [''], resources: [secrets], verbs: [get]}}]"),
            "RC105 high rule: use `rules`",
        ),
        (
            format!("{BINDING}{REF}subject: [{{kind: ServiceAccount, name: default}}]"),
            "RC105 high subject: use `subjects`",
        ),
        (
            format!(
                "{BINDING}{REF}subjects: [{{kind: ServiceAccount, name: default, namespaces: shop}}]"
            ),
            "RC105 high subjects[0].namespaces: use `namespace`",
        ),
        (
            format!(
                "{BINDING}{REF}subjects: [{{$patch: delete, kind: ServiceAccount, name: default}}]"
            ),
            "RC105 high subjects[0].$patch: remove it: lists of rules and subjects are replaced as a whole, not merged",
        ),
        (
            format!(
                "{BINDING}roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view, namespace: shop}}\n{SUBJECTS}"
            ),
            "RC105 high roleRef.namespace: remove it: a RoleBinding refers to Roles of its namespace and to ClusterRoles",
        ),
        (
            format!("{ACCOUNT}automountServiceAccountTokens: false"),
            "RC105 high automountServiceAccountTokens: use `automountServiceAccountToken`",
        ),
        (
            format!(
                "{POD}spec: {{serviceAcountName: default, containers: [{{name: a, image: a}}]}}"
            ),
            "RC105 high spec.serviceAcountName: use `serviceAccountName`",
        ),
        (
            format!(
                "{POD}spec: {{automountServiceaccountToken: false, containers: [{{name: a, image: a}}]}}"
            ),
            "RC105 high spec.automountServiceaccountToken: use `automountServiceAccountToken`",
        ),
        // Known fields in the wrong place.
        (
            format!("{DEPLOYMENT}serviceAccountName: web\nspec: {{template: {{spec: {PODS}}}}}"),
            "RC105 high serviceAccountName: move it to `spec.template.spec`",
        ),
        (
            format!("{DEPLOYMENT}spec: {{serviceAccountName: web, template: {{spec: {PODS}}}}}"),
            "RC105 high spec.serviceAccountName: move it to `spec.template.spec`",
        ),
        (
            format!("{DEPLOYMENT}spec: {{template: {{serviceAccount: web, spec: {PODS}}}}}"),
            "RC105 high spec.template.serviceAccount: move it to `spec.template.spec`",
        ),
        (
            format!(
                "{DEPLOYMENT}spec: {{template: {{spec: {{containers: [{{name: a, image: a}}, {{name: b, image: b, serviceAccountName: web}}]}}}}}}"
            ),
            "RC105 high spec.template.spec.containers[1].serviceAccountName: move it to `spec.template.spec`",
        ),
        (
            format!(
                "{POD}spec: {{initContainers: [{{name: b, image: b, automountServiceAccountToken: false}}], containers: [{{name: a, image: a}}]}}"
            ),
            "RC105 high spec.initContainers[0].automountServiceAccountToken: move it to `spec`",
        ),
        (
            format!("{POD}automountServiceAccountToken: false\nspec: {PODS}"),
            "RC105 high automountServiceAccountToken: move it to `spec`",
        ),
        (
            format!("{POD}serviceAcountName: web\nspec: {PODS}"),
            "RC105 high serviceAcountName: use `serviceAccountName` in `spec`",
        ),
        (
            format!("{POD}spec: {PODS}").replace("shop}", "shop, serviceAccountName: web}"),
            "RC105 high metadata.serviceAccountName: move it to `spec`",
        ),
        (
            format!(
                "{DEPLOYMENT}spec: {{template: {{metadata: {{serviceAccountName: web}}, spec: {PODS}}}}}"
            ),
            "RC105 high spec.template.metadata.serviceAccountName: move it to `spec.template.spec`",
        ),
        (
            format!(
                "{CRON}spec: {{serviceAccountName: web, jobTemplate: {{spec: {{template: {{spec: {PODS}}}}}}}}}"
            ),
            "RC105 high spec.serviceAccountName: move it to `spec.jobTemplate.spec.template.spec`",
        ),
        (
            format!(
                "{CRON}spec: {{jobTemplate: {{spec: {{serviceAccountName: web, template: {{spec: {PODS}}}}}}}}}"
            ),
            "RC105 high spec.jobTemplate.spec.serviceAccountName: move it to `spec.jobTemplate.spec.template.spec`",
        ),
        (
            ACCOUNT.replace("shop}", "shop, automountServiceAccountToken: false}"),
            "RC105 high metadata.automountServiceAccountToken: move it to the top level of the object",
        ),
        (
            format!(
                "{ROLE}aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{a: b}}}}]}}\n\
                 rules: [{{apiGroups: [''], resources: [secrets], verbs: [get]}}]"
            ),
            "RC105 high aggregationRule: remove it, or write a ClusterRole: only ClusterRoles are aggregated",
        ),
    ] {
        assert_eq!(unknown_fields(&manifest), [expected], "{manifest}");
        // JSON is read another way.
        let json = serde_json::to_string(&yaml_value(&manifest)).unwrap();
        assert_eq!(unknown_fields(&json), [expected], "{json}");
    }
    for known in [
        format!("{ACCOUNT}secrets: [{{name: a}}]\nimagePullSecrets: [{{name: a}}]"),
        format!(
            "{DEPLOYMENT}spec: {{replicas: 1, strategy: {{}}, template: {{metadata: {{}}, spec: {PODS}}}}}"
        ),
        format!(
            "{POD}spec: {{serviceAccountName: default, schedulerName: a, containers: [{{name: a, image: a}}]}}\nstatus: {{}}"
        ),
        format!("{BINDING}{REF}{SUBJECTS}").replace(
            "namespace: shop}",
            "namespace: shop, creationTimestamp: null, managedFields: []}",
        ),
    ] {
        assert_eq!(unknown_fields(&known), [""; 0], "{known}");
    }
}

/// Reads YAML as a value.
fn yaml_value(text: &str) -> serde_json::Value {
    let documents = rolecall_yaml::parse(text, 1).unwrap();
    serde::Deserialize::deserialize(documents[0].root()).unwrap()
}

#[test]
fn a_misnamed_field_is_reported_once() {
    let found = |manifest: &str| -> Vec<String> {
        let findings = support::findings_of(manifest).into_iter();
        let broken = findings.filter(|finding| matches!(finding.rule.code, RuleCode(103 | 105)));
        broken.map(|finding| format!("{} {}", finding.rule.code, finding.field)).collect()
    };
    let role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: x}\n";
    let url = format!("{role}rules: [{{nonResourceURL: [/metrics], verbs: [get]}}]\n");
    assert_eq!(found(&url), ["RC105 rules[0].nonResourceURL"]);
    let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
                   metadata: {name: x, namespace: shop}\n\
                   roleref: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}\n";
    assert_eq!(found(binding), ["RC105 roleref"]);
}
