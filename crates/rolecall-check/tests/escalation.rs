//! Findings about subjects that become more powerful step by step.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::{Finding, FindingBody, RuleCode, fold};

const CREATE_PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [create]}";

const EVERYTHING: &str = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}";

/// Returns the objects that bind a Role to a subject in a namespace, or a ClusterRole everywhere.
fn grant(name: &str, namespace: &str, rules: &str, subject: &str) -> String {
    let (prefix, metadata) = match namespace {
        "" => ("Cluster", format!("{{name: {name}}}")),
        _ => ("", format!("{{name: {name}, namespace: {namespace}}}")),
    };
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: {prefix}Role
metadata: {metadata}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {prefix}RoleBinding
metadata: {metadata}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: {prefix}Role, name: {name}}}
subjects: [{subject}]
"
    )
}

fn account(namespace: &str, name: &str) -> String {
    format!("{{kind: ServiceAccount, name: {name}, namespace: {namespace}}}")
}

fn exists(namespace: &str, name: &str) -> String {
    format!(
        "---\n{{apiVersion: v1, kind: ServiceAccount, metadata: {{name: {name}, namespace: {namespace}}}}}\n"
    )
}

fn labelled(namespace: &str, level: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}, labels: \
         {{pod-security.kubernetes.io/enforce: {level}}}}}\n"
    )
}

fn is_path(code: RuleCode) -> bool {
    (RuleCode(572)..=RuleCode(574)).contains(&code)
}

/// Returns the findings about paths, and those that they are merged into.
fn paths(manifests: &str) -> Vec<String> {
    let found = fold(support::findings_of(manifests)).into_iter().filter(|finding| {
        is_path(finding.rule.code) || finding.also.iter().any(|also| is_path(also.rule.code))
    });
    let line = |finding: Finding| {
        let FindingBody { rule, severity, object, field, also, .. } = &*finding;
        let also: Vec<String> = also.iter().map(|also| also.rule.code.to_string()).collect();
        let also = if also.is_empty() { String::new() } else { format!(" +{}", also.join("+")) };
        format!("{} {severity} {object} {field}{also}", rule.code)
    };
    found.map(line).collect()
}

#[test]
fn a_path_is_reported_once_for_each_subject_with_the_risks_that_open_it() {
    let op = account("shop", "op");
    let strong =
        exists("shop", "strong") + &grant("strong", "", EVERYTHING, &account("shop", "strong"));
    let admin_of = |namespace: &str| {
        exists(namespace, "strong")
            + &grant("strong", namespace, EVERYTHING, &account(namespace, "strong"))
    };
    let tokens = "{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}";
    let rows: Vec<(&str, String, &[&str])> = vec![
        (
            "controllers of kube-system are steps",
            grant("op", "", CREATE_PODS, &op),
            &["RC572 critical ClusterRoleBinding op subjects[0] +RC515"],
        ),
        (
            "a stronger ServiceAccount in the namespace",
            grant("op", "shop", CREATE_PODS, &op) + &strong,
            &["RC572 critical RoleBinding shop/op subjects[0] +RC513+RC515"],
        ),
        (
            "each subject has a finding",
            grant("op", "shop", CREATE_PODS, &format!("{op}, {}", account("shop", "other")))
                + &strong,
            &[
                "RC572 critical RoleBinding shop/op subjects[0] +RC513+RC515",
                "RC572 critical RoleBinding shop/op subjects[1]",
            ],
        ),
        (
            "rights in another namespace",
            grant("op", "bank", CREATE_PODS, &op) + &admin_of("bank"),
            &[
                "RC573 high RoleBinding bank/op subjects[0] +RC515",
                "RC501 high Role bank/strong rules[0] +RC574",
            ],
        ),
        (
            "full control of the own namespace is no other namespace",
            grant("op", "shop", CREATE_PODS, &op) + &admin_of("shop"),
            &[
                "RC574 high RoleBinding shop/op subjects[0] +RC515",
                "RC501 high Role shop/strong rules[0] +RC574",
            ],
        ),
        (
            "a namespace that is open by its label",
            grant("op", "shop", CREATE_PODS, &op) + &labelled("shop", "privileged"),
            &["RC574 high RoleBinding shop/op subjects[0] +RC515"],
        ),
        (
            "a namespace without a label",
            grant("op", "shop", CREATE_PODS, &op),
            &["RC515 medium Role shop/op rules[0] +RC574"],
        ),
        (
            "a namespace that is closed",
            grant("op", "shop", CREATE_PODS, &op) + &labelled("shop", "baseline"),
            &[],
        ),
        ("tokens of ordinary ServiceAccounts", grant("op", "shop", tokens, &op), &[]),
        ("cluster-admin itself", grant("op", "", EVERYTHING, &op), &[]),
        (
            "members of a group are reported as the group",
            grant(
                "op",
                "",
                CREATE_PODS,
                "{apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'system:serviceaccounts:shop'}",
            ) + &grant("web", "shop", "{apiGroups: [''], resources: [secrets], verbs: [get]}", &op),
            &["RC572 critical ClusterRoleBinding op subjects[0] +RC515"],
        ),
    ];
    for (case, manifests, expected) in rows {
        assert_eq!(paths(&manifests), expected, "{case}");
    }
}

#[test]
fn a_finding_lists_the_grants_of_its_path_and_what_it_assumes() {
    let manifests = grant("op", "", CREATE_PODS, &account("shop", "op"));
    let found = support::findings_of(&manifests);
    let found = found.iter().find(|finding| finding.rule.is_called("RC572")).unwrap();
    assert_eq!(
        found.message,
        "`sa/shop:op` can become cluster-admin in 2 steps: create a Pod (X02) to gain \
         `sa/kube-system:clusterrole-aggregation-controller`, then change its own role (X17); \
         assumes that the cluster has the default roles of Kubernetes"
    );
    let related: Vec<String> =
        found.related.iter().map(|it| format!("{}: {}", it.object, it.note)).collect();
    assert_eq!(
        related,
        [
            "ClusterRole op: step 1: its `rules[0]` allows `create pods` in namespace `kube-system`",
            "ClusterRoleBinding op: step 1: grants it to `sa/shop:op`",
            "ClusterRole system:controller:clusterrole-aggregation-controller: step 2: its `rules[0]` \
             allows `update clusterroles.rbac.authorization.k8s.io system:basic-user` and `escalate \
             clusterroles.rbac.authorization.k8s.io system:basic-user`",
            "ClusterRoleBinding system:controller:clusterrole-aggregation-controller: step 2: grants it \
             to `sa/kube-system:clusterrole-aggregation-controller`",
        ]
    );
}
