//! Access that programs need by design, and copies of the manifests of well-known programs: informational in
//! manifests, and as severe as other access in clusters.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::{Finding, RuleCode};

const ANYTHING: &str = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}";
const SECRETS: &str = "{apiGroups: [''], resources: [secrets], verbs: [get, list]}";
const KEEP_SECRETS: &str = "{apiGroups: [''], resources: [secrets], verbs: [list, create, update]}";
const EXEC: &str = "{apiGroups: [''], resources: [pods/exec], verbs: [create]}";

/// A Deployment of an image, whose ServiceAccount `ops/app` holds some rules.
fn program(image: &str, kind: &str, rules: &str) -> String {
    let (at, role) = match kind {
        "RoleBinding" => (", namespace: ops", "Role"),
        _ => ("", "ClusterRole"),
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: {role}
metadata: {{name: app{at}}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: app{at}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {role}, name: app}}
subjects: [{{kind: ServiceAccount, name: app, namespace: ops}}]
---
{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: app, namespace: ops}}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: app, namespace: ops}}
spec: {{template: {{spec: {{serviceAccountName: app, containers: [{{name: app, image: '{image}'}}]}}}}}}
"
    )
}

/// Returns the codes and severities of findings about access, each once.
fn shown(findings: &[Finding]) -> String {
    let risks = findings.iter().filter(|finding| finding.rule.code >= RuleCode(500));
    let mut shown: Vec<String> =
        risks.map(|finding| format!("{} {}", finding.rule.code, finding.severity)).collect();
    shown.sort();
    shown.dedup();
    shown.join(", ")
}

#[test]
fn programs_have_what_their_function_requires() {
    const EVERYWHERE: &str = "ClusterRoleBinding";
    for (image, kind, rules, expected) in [
        // Programs that apply any object.
        ("argoproj/argocd", EVERYWHERE, ANYTHING, "RC501 info"),
        ("fluxcd/kustomize-controller", EVERYWHERE, ANYTHING, "RC501 info"),
        ("example.com/shop/web", EVERYWHERE, ANYTHING, "RC501 critical, RC557 high"),
        // Ingress controllers read Secrets.
        ("ingress-nginx/controller", EVERYWHERE, SECRETS, "RC511 info"),
        ("ingress-nginx/controller", "RoleBinding", SECRETS, "RC511 info"),
        (
            "ingress-nginx/controller",
            EVERYWHERE,
            KEEP_SECRETS,
            "RC511 info, RC512 high, RC572 critical",
        ),
        ("ingress-nginx/controller", EVERYWHERE, EXEC, "RC518 high, RC557 high"),
        ("example.com/shop/web", EVERYWHERE, SECRETS, "RC511 high, RC557 high"),
        ("example.com/shop/web", "RoleBinding", SECRETS, "RC511 medium"),
        ("external-dns", EVERYWHERE, SECRETS, "RC511 high, RC557 high"),
        // Others write them.
        (
            "external-secrets/external-secrets",
            EVERYWHERE,
            KEEP_SECRETS,
            "RC511 info, RC512 info, RC572 info",
        ),
        (
            "bitnami/sealed-secrets-controller",
            EVERYWHERE,
            KEEP_SECRETS,
            "RC511 info, RC512 info, RC572 info",
        ),
        ("external-secrets/external-secrets", EVERYWHERE, EXEC, "RC518 high, RC557 high"),
        (
            "example.com/shop/web",
            EVERYWHERE,
            KEEP_SECRETS,
            "RC511 high, RC512 high, RC557 high, RC572 critical",
        ),
    ] {
        let manifests = program(image, kind, rules);
        let found = shown(&support::findings_of(&manifests));
        assert_eq!(found, expected, "{image} {kind} {rules}");
        // In a cluster, the program does not matter.
        let found = shown(&support::findings_in_cluster(&manifests));
        let other = program("example.com/shop/web", kind, rules);
        assert_eq!(found, shown(&support::findings_in_cluster(&other)), "{image} {kind} {rules}");
    }
}

#[test]
fn only_programs_that_apply_anything_need_cluster_admin() {
    let binding = |image: &str, subjects: &str| {
        let manifests = program(image, "ClusterRoleBinding", "");
        manifests
            .replace("kind: ClusterRole, name: app", "kind: ClusterRole, name: cluster-admin")
            .replace("subjects: [", &format!("subjects: [{subjects}"))
    };
    for (image, subjects, expected) in [
        ("argoproj/argocd", "", "RC505 info"),
        ("ingress-nginx/controller", "", "RC505 critical, RC557 high"),
        ("example.com/shop/web", "", "RC505 critical, RC557 high"),
        // The binding also has another subject.
        ("argoproj/argocd", "{kind: User, name: jane}, ", "RC505 critical"),
        // A copied installation does not contain it.
        ("kubernetesui/dashboard:v2.7.0", "", "RC505 critical, RC557 info"),
    ] {
        let found = shown(&support::findings_of(&binding(image, subjects)));
        assert_eq!(found, expected, "{image} {subjects}");
    }
}

#[test]
fn copies_of_published_manifests_are_not_the_repositorys_to_change() {
    const RULES: &str = "{apiGroups: [''], resources: [pods/exec], verbs: [create]}, {apiGroups: [''], resources: [pod], verbs: [get]}";
    const BOTH: &str = "RC202 high, RC518 high, RC557 high";
    let severities = |findings: &[Finding]| {
        let mut shown: Vec<String> =
            findings.iter().map(|it| format!("{} {}", it.rule.code, it.severity)).collect();
        shown.sort();
        shown.dedup();
        shown.join(", ")
    };
    for (image, expected) in [
        ("quay.io/calico/node:v3.30.0", "RC202 info, RC518 info, RC557 info"),
        (
            "registry.example.com/mirror/calico/node@sha256:abc",
            "RC202 info, RC518 info, RC557 info",
        ),
        // The repository of the program itself.
        ("quay.io/calico/node:master", BOTH),
        ("quay.io/calico/node", BOTH),
        // Other programs.
        ("example.com/acme/node:v3.30.0", BOTH),
    ] {
        let manifests = program(image, "ClusterRoleBinding", RULES);
        assert_eq!(severities(&support::findings_of(&manifests)), expected, "{image}");
        assert_eq!(severities(&support::findings_in_cluster(&manifests)), BOTH, "{image}");
    }
    let copy = program("quay.io/calico/node:v3.30.0", "ClusterRoleBinding", RULES);
    // A sidecar or a subject of the repository's own.
    for (from, to) in [
        ("containers: [", "containers: [{name: web, image: example.com/shop/web:v1.0}, "),
        ("subjects: [", "subjects: [{kind: User, name: jane}, "),
    ] {
        let found = severities(&support::findings_of(&copy.replace(from, to)));
        assert!(found.contains("RC518 high"), "{to}: {found}");
    }
    // References that lead nowhere are often the result of an incomplete copy.
    let incomplete =
        copy.replace("{kind: ServiceAccount, name: app,", "{kind: ServiceAccount, name: gone,");
    let found = severities(&support::findings_of(&incomplete));
    assert!(found.contains("RC102 high") || found.contains("RC102 medium"), "{found}");
}

#[test]
fn operators_with_everything_in_their_group_are_controllers() {
    const WORKLOADS: &str = "{apiGroups: [apps], resources: [deployments], verbs: [create]}";
    for (group, expected) in [
        ("apiGroups: [example.com], resources: ['*'], verbs: ['*']", "RC516 info, RC572 info"),
        ("apiGroups: [example.com], resources: ['*'], verbs: [update]", "RC516 info, RC572 info"),
        (
            "apiGroups: [example.com], resources: ['*'], verbs: [get]",
            "RC516 critical, RC557 high, RC572 critical",
        ),
        (
            "apiGroups: [example.com], resources: [widgets], verbs: ['*']",
            "RC516 critical, RC557 high, RC572 critical",
        ),
        (
            "apiGroups: [example.com, policy], resources: ['*'], verbs: ['*']",
            "RC516 critical, RC557 high, RC572 critical",
        ),
        (
            "apiGroups: [policy], resources: ['*'], verbs: ['*']",
            "RC516 critical, RC557 high, RC572 critical",
        ),
    ] {
        let rules = format!("{{{group}}}, {WORKLOADS}");
        let manifests = program("example.com/app", "ClusterRoleBinding", &rules);
        let found = support::findings_of(&manifests).into_iter();
        let found: Vec<Finding> = found.filter(|it| it.rule.code >= RuleCode(510)).collect();
        assert_eq!(shown(&found), expected, "{group}");
    }
}
