//! ServiceAccounts: which are missing, unused or shared, and who would know.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

const ACCOUNTS: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: other, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: cni, namespace: shop}
"#;

/// Returns the findings of some codes, as `CODE SEVERITY KIND NAME: MESSAGE`.
fn found(manifests: &str, codes: &[&str]) -> Vec<String> {
    let findings = support::findings_of(manifests).into_iter();
    let mut found: Vec<String> = findings
        .filter(|finding| codes.iter().any(|code| finding.rule.is_called(code)))
        .map(|finding| {
            let object = &finding.object;
            let (code, severity) = (finding.rule.code, finding.severity);
            format!("{code} {severity} {} {}: {}", object.kind, object.name, finding.message)
        })
        .collect();
    found.sort();
    found
}

fn deployment(name: &str, spec: &str) -> String {
    format!(
        "\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\n\
         spec: {{template: {{spec: {{{spec}containers: [{{name: a, image: a}}]}}}}}}\n"
    )
}

fn binding(name: &str, role: &str, subject: &str) -> String {
    format!(
        "\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n\
         metadata: {{name: {name}, namespace: shop}}\n\
         roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}}}\nsubjects: [{subject}]\n"
    )
}

#[test]
fn accounts_that_operators_make_are_never_missing() {
    for (version, kind, spec) in [
        ("kafka.strimzi.io/v1beta2", "Kafka", "{kafka: {replicas: 1}}"),
        ("kafka.strimzi.io/v1beta2", "KafkaConnect", "{replicas: 1}"),
        ("postgresql.cnpg.io/v1", "Cluster", "{instances: 3}"),
        ("opentelemetry.io/v1beta1", "OpenTelemetryCollector", "{config: {}}"),
    ] {
        let custom = format!(
            "{ACCOUNTS}---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: x, namespace: shop}}\nspec: {spec}\n"
        );
        assert_eq!(found(&custom, &["RC405", "RC102"]), [""; 0], "{kind}");
    }
}

#[test]
fn an_account_whose_name_is_not_substituted_is_not_missing() {
    for name in ["$KSA_NAME", "${KSA}", "<ksa-name>"] {
        let manifests =
            format!("{ACCOUNTS}{}", deployment("web", &format!("serviceAccountName: '{name}', ")));
        assert_eq!(found(&manifests, &["RC405", "RC102"]), [""; 0], "{name}");
    }
}

#[test]
fn one_missing_account_is_judged_alike_wherever_it_is_named() {
    let subject = "{kind: ServiceAccount, name: web-server, namespace: shop}";
    let named = deployment("web", "serviceAccountName: web-server, ")
        + &binding("web", "ClusterRole, name: view", subject);
    // Unknown if the input has no ServiceAccount in the namespace.
    assert_eq!(
        found(&named, &["RC405", "RC102"]),
        [
            "RC102 info RoleBinding web: ServiceAccount `shop/web-server` is not in the input: other software might create it",
            "RC405 medium Deployment web: ServiceAccount `shop/web-server` is not in the input",
        ]
    );
    assert_eq!(
        found(&format!("{ACCOUNTS}{named}"), &["RC405", "RC102"]),
        [
            "RC102 medium RoleBinding web: ServiceAccount `shop/web-server` does not exist",
            "RC405 high Deployment web: ServiceAccount `shop/web-server` does not exist",
        ]
    );
}

#[test]
fn default_is_reported_by_the_binding_and_not_through_groups_of_all_users() {
    let pods = deployment("a", "") + &deployment("b", "") + &deployment("c", "");
    for group in ["system:serviceaccounts", "system:authenticated"] {
        let subject =
            format!("{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: '{group}'}}");
        let manifests =
            format!("{ACCOUNTS}{pods}{}", binding("all", "ClusterRole, name: view", &subject));
        assert_eq!(found(&manifests, &["RC401"]), [""; 0], "{group}");
    }
    for subject in [
        "{kind: ServiceAccount, name: default}",
        "{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:serviceaccounts:shop'}",
        "{apiGroup: rbac.authorization.k8s.io, kind: User, name: 'system:serviceaccount:shop:default'}",
    ] {
        let manifests =
            format!("{ACCOUNTS}{pods}{}", binding("all", "ClusterRole, name: view", subject));
        assert_eq!(
            found(&manifests, &["RC401"]),
            [
                "RC401 medium RoleBinding all: grants access to ServiceAccount `shop/default`, which Deployment \
              shop/a and 2 other workloads run as"
            ],
            "{subject}"
        );
    }
}

#[test]
fn an_account_with_another_use_is_not_unused() {
    let rights = binding("cni", "ClusterRole, name: view", "{kind: ServiceAccount, name: cni}");
    let role = |rule: &str| {
        format!(
            "\n---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {{name: x, namespace: shop}}\nrules: [{rule}]\n"
        )
    };
    let bound = binding("x", "Role, name: x", "{kind: ServiceAccount, name: other}");
    let agent = deployment("agent", "serviceAccountName: other, ");
    for (rule, expected) in [
        // People and pipelines use ServiceAccounts of repositories.
        ("{apiGroups: [''], resources: [pods], verbs: [get]}", Some("info")),
        // Other subjects can create tokens for it.
        (
            "{apiGroups: [''], resources: [serviceaccounts/token], resourceNames: [cni], verbs: [create]}",
            None,
        ),
        // An operator can run Pods as any ServiceAccount.
        ("{apiGroups: [apps], resources: [daemonsets], verbs: [create]}", Some("info")),
    ] {
        let manifests = format!("{ACCOUNTS}{agent}{rights}{}{bound}", role(rule));
        let expected: Vec<String> = expected
            .map(|severity| {
                format!("RC402 {severity} ServiceAccount cni: has access, but no workload in the input uses it")
            })
            .into_iter()
            .collect();
        assert_eq!(found(&manifests, &["RC402"]), expected, "{rule}");
        let fixes = support::findings_of(&manifests).into_iter();
        for finding in fixes.filter(|finding| finding.rule.is_called("RC402")) {
            assert!(finding.fix.starts_with("run the intended workload"), "{}", finding.fix);
        }
    }
}

#[test]
fn a_needless_token_is_reported_once_for_an_account() {
    let other = "serviceAccountName: other, ";
    let manifests = format!("{ACCOUNTS}{}{}", deployment("a", other), deployment("b", other));
    assert_eq!(
        found(&manifests, &["RC403"]),
        [
            "RC403 info ServiceAccount other: its token is mounted into the Pods of 2 workloads, but it has no access"
        ]
    );
}

#[test]
fn what_is_no_longer_served_is_reported_with_the_release_that_removed_it() {
    let role = |rules: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: x}}\nrules: [{rules}]\n"
        )
    };
    for (rules, expected) in [
        (
            "{apiGroups: [policy], resources: [podsecuritypolicies], verbs: [use]}",
            "RC407 info ClusterRole x: `podsecuritypolicies` of API group `policy` is no longer served as of Kubernetes 1.25",
        ),
        (
            "{apiGroups: [extensions], resources: [ingresses], verbs: [get]}",
            "RC407 medium ClusterRole x: `ingresses` of API group `extensions` is no longer served as of Kubernetes 1.22",
        ),
        // Where the role grants the same as servers have it today, nobody is refused.
        (
            "{apiGroups: [extensions], resources: [ingresses], verbs: [get]}, {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [get]}",
            "RC407 info ClusterRole x: `ingresses` of API group `extensions` is no longer served as of Kubernetes 1.22",
        ),
    ] {
        assert_eq!(found(&role(rules), &["RC407"]), [expected]);
    }
}

#[test]
fn rules_that_add_nothing_are_reported_once_for_a_role() {
    let rule = "{apiGroups: [''], resources: [pods], verbs: [get]}";
    let manifest = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: x}}\nrules: [{rule}, {rule}, {rule}]\n"
    );
    assert_eq!(
        found(&manifest, &["RC212"]),
        [
            "RC212 low ClusterRole x: 2 rules add nothing, as others already grant all of it: `rules[1]`, `rules[2]`"
        ]
    );
}

#[test]
fn a_first_word_in_common_makes_no_role_the_inputs_own() {
    let account = |name: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: {name}, namespace: shop}}\n"
        )
    };
    let role = "ClusterRole, name: tekton-triggers-eventlistener-roles";
    for (name, severity) in
        [("tekton-triggers-demo-sa", "info"), ("tekton-triggers-eventlistener", "high")]
    {
        let subject = format!("{{kind: ServiceAccount, name: {name}}}");
        let manifests = account(name) + &binding("x", role, &subject);
        let found = found(&manifests, &["RC101"]);
        assert!(found[0].starts_with(&format!("RC101 {severity} ")), "{found:?}");
    }
}

#[test]
fn what_installs_missing_roles_can_create_the_service_account() {
    let account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: driver}\n";
    let pod = "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: attacher}\n\
        spec: {template: {spec: {serviceAccountName: csi-attacher, containers: [{name: a, image: b}]}}}\n";
    let bound = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: x}\n\
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-attacher-runner}\n\
        subjects: [{kind: ServiceAccount, name: driver, namespace: default}]\n";
    for (manifests, expected) in [
        (format!("{account}{pod}"), "RC405 high "),
        (format!("{account}{pod}{bound}"), "RC405 medium "),
    ] {
        let found = found(&manifests, &["RC405"]);
        assert!(matches!(&*found, [one] if one.starts_with(expected)), "{expected}: {found:?}");
    }
}
