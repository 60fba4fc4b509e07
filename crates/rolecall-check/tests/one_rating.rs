//! One rating: what `check` finds about a grant, `diff` finds when it is gained.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use rolecall_access::risk::{Engine, find};
use rolecall_access::{KubernetesVersion, Scopes, diff};
use rolecall_rbac::Authorizer;
use rolecall_source::manifests::Defaults;

const BESIDE: &str = "
---
{apiVersion: v1, kind: Namespace, metadata: {name: open}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shut, labels: {pod-security.kubernetes.io/enforce: restricted}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: flux}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: kustomize-controller, namespace: flux-system}]
";

fn manifests(rules: &str, namespace: Option<&str>) -> String {
    let (kind, at) = match namespace {
        Some(namespace) => ("RoleBinding", format!(", namespace: {namespace}")),
        None => ("ClusterRoleBinding", String::new()),
    };
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: tested}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {kind}
metadata: {{name: tested{at}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
{BESIDE}"
    )
}

fn authorizer(manifests: &str) -> Authorizer {
    let mut builder =
        support::facts_of(rolecall_source::facts::Version::V1_36).0.clone().into_builder();
    builder.append(support::read(manifests, Defaults::None).inventory.into_builder());
    Authorizer::new(builder.build())
}

type Rated = BTreeSet<(String, String)>;

/// The catalogue's risks that `check` reports about jane.
fn checked(manifests: &str) -> Rated {
    let findings = support::findings_of(manifests).into_iter();
    findings
        .filter(|finding| {
            find(finding.rule.code).is_some() && finding.object.name.contains("tested")
        })
        .map(|finding| (finding.rule.code.to_string(), finding.severity.to_string()))
        .collect()
}

/// The risks that `diff` reports when jane gains all access.
fn gained(manifests: &str) -> Rated {
    let (old, new) = (authorizer(BESIDE), authorizer(manifests));
    let scopes = Scopes::of([&support::facts_of(rolecall_source::facts::Version::V1_36).1]);
    let version = KubernetesVersion::NEWEST;
    let (old_risks, new_risks) = (Engine::new(&old, version), Engine::new(&new, version));
    let diffs = diff::diff(&old, &new, &scopes);
    let gained = diff::gained_risks(&diffs, &old_risks, &new_risks).into_iter();
    gained.map(|gained| (gained.risk.code.to_string(), gained.risk.severity.to_string())).collect()
}

fn rules() -> impl Strategy<Value = String> {
    let groups = prop::sample::select(vec![
        "''",
        "apps",
        "'*'",
        "rbac.authorization.k8s.io",
        "kustomize.toolkit.fluxcd.io",
        "certificates.k8s.io",
        "networking.k8s.io",
        "authentication.k8s.io",
        "''",
    ]);
    let resources = prop::sample::select(vec![
        "secrets",
        "pods",
        "pods/exec",
        "deployments",
        "'*'",
        "configmaps",
        "clusterroles",
        "rolebindings",
        "users",
        "serviceaccounts",
        "nodes",
        "nodes/proxy",
        "kustomizations",
        "serviceaccounts/token",
        "signers",
        "certificatesigningrequests/approval",
        "networkpolicies",
        "persistentvolumes",
        "services",
        "namespaces",
    ]);
    let verbs = prop::sample::subsequence(
        vec![
            "get",
            "list",
            "watch",
            "create",
            "update",
            "patch",
            "delete",
            "'*'",
            "bind",
            "escalate",
            "impersonate",
            "approve",
            "deletecollection",
        ],
        1..4,
    );
    let names = prop::option::weighted(0.2, Just("[coredns, aws-auth]"));
    (groups, prop::collection::vec(resources, 1..3), verbs, names).prop_map(
        |(group, resources, verbs, names)| {
            let names = names.map_or(String::new(), |names| format!(", resourceNames: {names}"));
            format!(
                "{{apiGroups: [{group}], resources: [{}], verbs: [{}]{names}}}",
                resources.join(", "),
                verbs.join(", ")
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn check_and_diff_rate_a_grant_alike(
        rule in rules(),
        namespace in prop::sample::select(vec![None, Some("open"), Some("shut"), Some("kube-system"), Some("other")]),
    ) {
        let manifests = manifests(&rule, namespace);
        let checked = checked(&manifests);
        prop_assert_eq!(&gained(&manifests), &checked, "diff and check: {} in {:?}", rule, namespace);
    }
}
