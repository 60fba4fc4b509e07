//! Cases that the tests of other tools are about, and that `check` once judged wrongly. The manifests
//! are written independently; each row says which tool tests such a case.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

/// Returns every finding about some manifests: code, severity, kind of the object, and field.
fn found(manifests: &str) -> Vec<String> {
    let findings = support::findings_of(manifests).into_iter();
    let lines = findings.map(|finding| {
        let kind = finding.object.to_string();
        let kind = kind.split(' ').next().unwrap_or_default();
        format!("{} {} {kind} {}", finding.rule.code, finding.severity, finding.field)
    });
    lines.collect()
}

fn binding(kind: &str, role: &str, subject: &str) -> String {
    let at = if kind == "RoleBinding" { ", namespace: shop" } else { "" };
    let (of, name) = role.split_once(' ').unwrap();
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: {}-{name}{at}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {of}, name: {name}}}
subjects: [{subject}]
",
        kind.to_lowercase()
    )
}

fn user(name: &str) -> String {
    format!("{{apiGroup: rbac.authorization.k8s.io, kind: User, name: '{name}'}}")
}

fn group(name: &str) -> String {
    format!("{{apiGroup: rbac.authorization.k8s.io, kind: Group, name: '{name}'}}")
}

fn service_account(namespace: &str, name: &str) -> String {
    format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
}

fn role(kind: &str, rules: &str) -> String {
    let at = if kind == "Role" { ", namespace: shop" } else { "" };
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: tested{at}}}
rules: [{rules}]
"
    )
}

/// Writes a role, and a binding of its kind for one user.
fn bound(kind: &str, rules: &str) -> String {
    let binding = binding(&format!("{kind}Binding"), &format!("{kind} tested"), &user("jane"));
    role(kind, rules) + &binding
}

fn namespace(labels: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: shop, labels: {{{labels}}}}}}}\n"
    )
}

#[test]
fn a_subject_is_a_risk_whether_or_not_its_role_is_in_the_input() {
    for (tool, kind, subject, expected) in [
        ("kubescape", "ClusterRoleBinding", service_account("shop", "default"), "RC509 medium"),
        (
            "kubescape",
            "ClusterRoleBinding",
            service_account("kube-system", "default"),
            "RC509 medium",
        ),
        ("trivy", "RoleBinding", user("system:anonymous"), "RC507 high"),
        ("trivy", "RoleBinding", group("system:authenticated"), "RC508 medium"),
        ("trivy", "RoleBinding", group("system:masters"), "RC506 high"),
        ("kyverno", "ClusterRoleBinding", group("system:unauthenticated"), "RC507 critical"),
        ("kyverno", "ClusterRoleBinding", group("system:masters"), "RC506 critical"),
        ("kyverno", "ClusterRoleBinding", group("system:authenticated"), "RC508 high"),
        ("kyverno", "ClusterRoleBinding", group("system:authenticated:oauth"), "RC508 high"),
        ("kyverno", "RoleBinding", group("system:unauthenticated"), "RC507 high"),
        ("kyverno", "RoleBinding", group("system:serviceaccounts"), "RC508 medium"),
        ("KICS", "ClusterRoleBinding", user("system:anonymous"), "RC507 critical"),
        ("KICS", "ClusterRoleBinding", user("system:serviceaccount:shop:default"), "RC509 medium"),
    ] {
        let role = if kind == "RoleBinding" { "Role elsewhere" } else { "ClusterRole elsewhere" };
        assert_eq!(
            found(&binding(kind, role, &subject)),
            [format!("RC101 info {kind} roleRef.name"), format!("{expected} {kind} subjects[0]"),],
            "{tool}: {kind} of {subject}"
        );
    }
}

#[test]
fn a_rule_is_a_risk_with_the_verbs_and_wildcards_that_do_the_same() {
    for (tool, kind, rules, expected) in [
        (
            "trivy",
            "Role",
            "{apiGroups: [networking.k8s.io], resources: [networkpolicies], verbs: [deletecollection]}",
            "RC542 info Role rules[0]",
        ),
        (
            "checkov",
            "ClusterRole",
            "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/approval], verbs: [update]}, \
             {apiGroups: [certificates.k8s.io], resources: [signers], verbs: [approve]}",
            "RC534 high ClusterRole rules[1]",
        ),
        (
            "checkov",
            "ClusterRole",
            "{apiGroups: [certificates.k8s.io], resources: ['*/approval'], verbs: [patch]}, \
             {apiGroups: [certificates.k8s.io], resources: ['*'], verbs: [approve]}",
            "RC534 high ClusterRole rules[1]",
        ),
        (
            "checkov",
            "ClusterRole",
            "{apiGroups: ['*', apps], resources: [widgets], verbs: [get]}",
            "RC504 info ClusterRole rules[0].apiGroups",
        ),
    ] {
        let mut found = found(&bound(kind, rules));
        // Said besides: one request deletes all, one rule is for every resource of a group.
        found.retain(|line| !line.starts_with("RC571") && !line.starts_with("RC504 low"));
        assert_eq!(found, [expected], "{tool}: {rules}");
    }
}

#[test]
fn running_pods_is_graded_by_what_the_namespace_enforces() {
    let pods = "{apiGroups: [''], resources: [pods], verbs: [create]}";
    let deployments = "{apiGroups: [apps], resources: [deployments], verbs: [create]}";
    let cluster_role = role("ClusterRole", pods)
        + &binding("RoleBinding", "ClusterRole tested", &service_account("ci", "runner"));
    for (case, manifests, labels, expected) in [
        ("corpus", bound("Role", pods), "", "RC515 high Role rules[0]"),
        (
            "corpus",
            bound("Role", pods),
            "pod-security.kubernetes.io/enforce: privileged",
            "RC515 high Role rules[0]",
        ),
        ("corpus", bound("Role", deployments), "", "RC516 high Role rules[0]"),
        ("end to end", cluster_role, "", "RC515 high ClusterRole rules[0]"),
        (
            "enforced",
            bound("Role", pods),
            "pod-security.kubernetes.io/enforce: restricted",
            "RC515 medium Role rules[0]",
        ),
    ] {
        let manifests = manifests + &namespace(labels);
        let found: Vec<String> =
            found(&manifests).into_iter().filter(|line| line.starts_with("RC51")).collect();
        assert_eq!(found, [expected], "kubesplaining, {case}: {labels}");
    }
}

#[test]
fn what_an_operator_carries_out_is_graded_by_the_rights_of_the_operator() {
    for (kind, namespace, operator) in [
        (
            "kustomize.toolkit.fluxcd.io], resources: [kustomizations",
            "flux-system",
            "kustomize-controller",
        ),
        ("helm.toolkit.fluxcd.io], resources: [helmreleases", "flux-system", "helm-controller"),
    ] {
        let write = bound("Role", &format!("{{apiGroups: [{kind}], verbs: [create, patch]}}"));
        let operator = service_account(namespace, operator);
        let admin = binding("ClusterRoleBinding", "ClusterRole cluster-admin", &operator);
        let rated = |manifests: &str| {
            found(manifests).into_iter().find(|line| line.starts_with("RC552")).unwrap_or_default()
        };
        assert_eq!(rated(&(write.clone() + &admin)), "RC552 critical Role rules[0]", "{kind}");
        assert_eq!(rated(&write), "RC552 medium Role rules[0]", "{kind}");
    }
}

#[test]
fn writing_secrets_without_reading_them_makes_nobody_stronger() {
    let create = "{apiGroups: [''], resources: [secrets], verbs: [create]}";
    let own =
        "{apiGroups: [''], resources: [secrets], resourceNames: [own-tls], verbs: [get, update]}";
    let read = "{apiGroups: [''], resources: [secrets], verbs: [get]}";
    let stronger =
        "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: operator, namespace: shop}}\n"
            .to_owned()
            + &binding(
                "ClusterRoleBinding",
                "ClusterRole cluster-admin",
                &service_account("shop", "operator"),
            );
    for (rules, expected) in [
        (create.to_owned(), None),
        (format!("{create}, {own}"), Some("RC513 info RoleBinding subjects[0]")),
        (format!("{create}, {read}"), Some("RC513 critical RoleBinding subjects[0]")),
    ] {
        let found = found(&(bound("Role", &rules) + &stronger));
        let found = found.iter().find(|line| line.starts_with("RC513"));
        assert_eq!(found.map(String::as_str), expected, "kubesplaining, end to end: {rules}");
    }
}

#[test]
fn bind_on_cluster_roles_is_granted_by_a_role_binding() {
    let rules = |names: &str| {
        format!(
            "{{apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}}, \
             {{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], {names}verbs: [bind]}}"
        )
    };
    // Any role can be bound: a risk, and nothing dead.
    assert_eq!(
        found(&bound("Role", &rules(""))),
        [
            "RC530 low Role rules[0]",
            "RC529 high Role rules[1]",
            // With cluster-admin in the namespace, they can change its labels.
            "RC574 high RoleBinding subjects[0]",
        ],
        "KubeHound: a Role"
    );
    // Kubernetes documents this delegation.
    let delegated = role("ClusterRole", &rules("resourceNames: [view], "))
        + &binding("RoleBinding", "ClusterRole tested", &user("lead"));
    assert_eq!(
        found(&delegated),
        ["RC530 low ClusterRole rules[0]"],
        "KubeHound: a ClusterRole in a RoleBinding"
    );
}
