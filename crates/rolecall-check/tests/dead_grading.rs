//! Rules without effect that are graded, or reported once.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::Severity;

/// Returns the findings of a code, with their severities and messages.
fn reported(manifests: &str, code: &str) -> Vec<String> {
    let findings = support::findings_of(manifests).into_iter();
    findings
        .filter(|finding| finding.rule.is_called(code))
        .map(|finding| format!("{} {}: {}", finding.severity, finding.field, finding.message))
        .collect()
}

#[test]
fn the_status_that_scaffolds_write_beside_a_resource_hides_nothing() {
    let role = |rules: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, rules: [{rules}]}}"
        )
    };
    const CONFIGMAPS: &str = "{apiGroups: [''], resources: [configmaps], verbs: [get]}";
    const STATUS: &str = "{apiGroups: [''], resources: [configmaps/status], verbs: [get]}";
    for (rules, expected) in [
        (format!("{CONFIGMAPS}, {STATUS}"), "low rules[1].resources[0]"),
        (STATUS.to_owned(), "high rules[0].resources[0]"),
        (
            "{apiGroups: [''], resources: [pods], verbs: [get]}, {apiGroups: [''], resources: [pods/logs], verbs: [get]}"
                .to_owned(),
            "high rules[1].resources[0]",
        ),
    ] {
        let found = reported(&role(&rules), "RC205");
        assert!(matches!(&*found, [one] if one.starts_with(expected)), "{rules}: {found:?}");
    }
}

#[test]
fn overwritten_rules_are_one_finding_and_copies_of_a_servers_roles_are_harmless() {
    let role = |labels: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: all, labels: {{{labels}}}}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to-all: 'true'}}}}]}}, \
             rules: [{{apiGroups: [''], resources: [pods], verbs: [get]}}, {{apiGroups: [''], resources: [nodes], verbs: [get]}}]}}\n---\n\
             {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: one, labels: {{to-all: 'true'}}}}, \
             rules: [{{apiGroups: [''], resources: [services], verbs: [get]}}]}}"
        )
    };
    let rest = "rules: 2 rules are overwritten, such as the one for `pods`: a controller replaces the rules of this ClusterRole with those of the ClusterRoles that it selects";
    for (labels, severity) in [("", "high"), ("kubernetes.io/bootstrapping: rbac-defaults", "info")]
    {
        assert_eq!(reported(&role(labels), "RC211"), [format!("{severity} {rest}")], "{labels}");
    }
}

#[test]
fn questions_of_other_programs_may_carry_a_name() {
    let rule = |group: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: traces}}\nrules:\n\
             - {{apiGroups: ['{group}'], resources: [dev], resourceNames: [traces], verbs: [create]}}\n"
        )
    };
    let definition = "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n\
        metadata: {name: dev.tempo.grafana.com}\nspec: {group: tempo.grafana.com, scope: Namespaced, \
        names: {plural: dev, kind: Dev}, versions: [{name: v1, served: true, storage: true}]}\n";
    for (manifests, severity) in [
        (rule("tempo.grafana.com"), Severity::Info),
        (rule("tempo.grafana.com") + definition, Severity::High),
    ] {
        let found = support::findings_of(&manifests);
        let found: Vec<Severity> = found
            .iter()
            .filter(|finding| finding.rule.is_called("RC207"))
            .map(|finding| finding.severity)
            .collect();
        assert_eq!(found, [severity]);
    }
}

#[test]
fn misspelt_resources_beside_the_correct_plural_are_one_minor_finding() {
    let role = |rules: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, rules: [{rules}]}}"
        )
    };
    let rule =
        |resources: &str| format!("{{apiGroups: [''], resources: [{resources}], verbs: [get]}}");
    for (rules, expected) in [
        (
            rule("pods, pod"),
            vec![
                "low rules[0].resources[1]: `pod` matches nothing, beside the correct plural in the same rule",
            ],
        ),
        (
            format!("{}, {}", rule("pods, pod, Pod, configmaps, cm"), rule("services, service")),
            vec![
                "low rules[0].resources[1]: `pod`, `Pod`, `cm` and 1 more match nothing, beside the correct plural in the same rule",
            ],
        ),
        // The plural is in another rule, which can have other verbs.
        (
            format!("{}, {}", rule("pods"), rule("pod")),
            vec!["high rules[1].resources[0]: `pod` matches nothing: it is the singular of `pods`"],
        ),
        (
            rule("pods, pod/log"),
            vec![
                "high rules[0].resources[1]: `pod/log` matches nothing: it is the singular of `pods`",
            ],
        ),
    ] {
        assert_eq!(reported(&role(&rules), "RC202"), expected, "{rules}");
    }
}

#[test]
fn urls_of_programs_behind_a_proxy_can_have_other_verbs_and_paths() {
    for (url, verb, expected) in [
        ("/api/v2/alerts", "create", [false, false]),
        ("/api/v2/alerts", "get", [false, false]),
        ("/api/v1/pods", "get", [true, false]),
        ("/apis/apps/v1/deployments", "get", [true, false]),
        ("/api/v1/pods", "create", [true, true]),
        ("/alerts", "create", [false, false]),
        ("/alerts", "list", [false, true]),
        ("/metrics", "create", [false, true]),
        ("/healthz/*", "update", [false, true]),
        ("*", "create", [false, true]),
    ] {
        let role = format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, \
             rules: [{{nonResourceURLs: ['{url}'], verbs: [{verb}]}}]}}"
        );
        let found = ["RC214", "RC206"].map(|code| !reported(&role, code).is_empty());
        assert_eq!(found, expected, "{verb} {url}");
    }
}

#[test]
fn a_resource_that_the_role_grants_in_the_right_group_as_well_is_a_minor_finding() {
    let role = |rules: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: x}}, rules: [{rules}]}}"
        )
    };
    const WRONG: &str =
        "{apiGroups: [authentication.k8s.io], resources: [subjectaccessreviews], verbs: [create]}";
    const RIGHT: &str =
        "{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [create]}";
    const OTHER: &str =
        "{apiGroups: [authorization.k8s.io], resources: [subjectaccessreviews], verbs: [get]}";
    for (rules, severity) in [
        (format!("{WRONG}, {RIGHT}"), "low"),
        (format!("{WRONG}, {OTHER}"), "high"),
        (WRONG.to_owned(), "high"),
    ] {
        let found = reported(&role(&rules), "RC203");
        assert!(matches!(&*found, [one] if one.starts_with(severity)), "{rules}: {found:?}");
    }
}
