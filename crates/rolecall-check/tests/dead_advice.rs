//! Findings about dead rules say what to write instead.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::Category;

/// Returns the severity and the fix of each finding about a rule of a bound ClusterRole.
fn advice(kind: &str, rule: &str) -> Vec<String> {
    let manifest = format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: {kind}, metadata: {{name: x, namespace: shop}}, rules: [{rule}]}}"
    );
    let findings = support::findings_of(&manifest).into_iter();
    findings
        .filter(|finding| matches!(finding.rule.category, Category::Dead | Category::Broken))
        .map(|finding| format!("{} {}: {}", finding.rule.code, finding.severity, finding.fix))
        .collect()
}

#[test]
fn special_verbs_are_dead_where_nothing_asks_about_them() {
    for (groups, resources, verbs, expected) in [
        (
            "rbac.authorization.k8s.io",
            "rolebindings",
            "bind",
            "grant `bind` only on `roles` and `clusterroles`",
        ),
        (
            "rbac.authorization.k8s.io",
            "clusterrolebindings",
            "bind",
            "grant `bind` only on `roles` and `clusterroles`",
        ),
        (
            "rbac.authorization.k8s.io",
            "rolebindings",
            "escalate",
            "grant `escalate` only on `roles` and `clusterroles`",
        ),
        (
            "''",
            "pods",
            "impersonate",
            "grant `impersonate` only on `users`, `groups`, `serviceaccounts`, `uids` and `userextras`",
        ),
        (
            "''",
            "secrets",
            "impersonate",
            "grant `impersonate` only on `users`, `groups`, `serviceaccounts`, `uids` and `userextras`",
        ),
        (
            "certificates.k8s.io",
            "certificatesigningrequests",
            "approve",
            "grant `approve` on `signers`",
        ),
        ("certificates.k8s.io", "certificatesigningrequests", "sign", "grant `sign` on `signers`"),
        (
            "''",
            "secrets",
            "use",
            "grant `use` only on `podsecuritypolicies` and `securitycontextconstraints`",
        ),
        ("'*'", "rolebindings", "bind", "grant `bind` only on `roles` and `clusterroles`"),
        ("''", "users", "'impersonate:user-info'", "use the API group `authentication.k8s.io`"),
        (
            "''",
            "pods",
            "'impersonate:serviceaccount'",
            "grant `impersonate:serviceaccount` on `serviceaccounts`",
        ),
        (
            "''",
            "pods",
            "'impersonate-on:users:get'",
            "use `impersonate-on:MODE:VERB` with one of the modes `arbitrary-node`, `associated-node`, \
             `serviceaccount` and `user-info`",
        ),
    ] {
        let rule = format!("{{apiGroups: [{groups}], resources: [{resources}], verbs: [{verbs}]}}");
        assert_eq!(advice("ClusterRole", &rule), [format!("RC206 high: {expected}")], "{rule}");
    }
    let post = "{apiGroups: ['*'], resources: [pods], verbs: [POST]}";
    assert_eq!(advice("ClusterRole", post), ["RC206 high: use `create`"]);
    let reed = "{apiGroups: ['*'], resources: [pods], verbs: [reed]}";
    assert_eq!(advice("ClusterRole", reed).len(), 1);
    for rule in [
        "{apiGroups: ['*'], resources: ['*'], verbs: [bind]}",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [bind]}",
        "{apiGroups: [example.com], resources: [widgets], verbs: [use]}",
        "{apiGroups: ['*'], resources: [widgets], verbs: [sync]}",
        "{apiGroups: [authentication.k8s.io], resources: [users, groups], verbs: ['impersonate:user-info']}",
        "{apiGroups: [''], resources: [pods], verbs: ['impersonate-on:user-info:get']}",
        "{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ['example.com/*'], verbs: [approve]}",
    ] {
        let found: Vec<String> =
            advice("ClusterRole", rule).into_iter().filter(|it| !it.contains(" low: ")).collect();
        assert_eq!(found, [""; 0], "{rule}");
    }
}

#[test]
fn advice_corrects_every_wrong_part() {
    for (kind, rule, expected) in [
        (
            "ClusterRole",
            "{apiGroups: [''], resources: [pod/logs], verbs: [get]}",
            "RC202 high: use `pods/log`",
        ),
        (
            "ClusterRole",
            "{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ['example.com/my-*'], verbs: [approve]}",
            "RC213 high: use `DOMAIN/*` for all signers of a domain",
        ),
        (
            "Role",
            "{apiGroups: [admissionregistration.k8s.io], resources: ['*'], verbs: [get]}",
            "RC208 high: move it to a ClusterRole that a ClusterRoleBinding grants",
        ),
    ] {
        assert_eq!(advice(kind, rule), [expected], "{rule}");
    }
    let partly = "{apiGroups: [storage.k8s.io], resources: ['*'], verbs: [get]}";
    assert_eq!(advice("Role", partly), [""; 0]);
}

#[test]
fn what_hides_no_mistake_is_graded_low() {
    for (kind, rule, expected) in [
        // A subresource too many beside resources that are there; alone it is all that the rule is for.
        (
            "ClusterRole",
            "{apiGroups: [''], resources: [configmaps, configmaps/status], verbs: [get]}",
            "RC205 low: remove it: `configmaps` has no subresources",
        ),
        (
            "ClusterRole",
            "{apiGroups: [''], resources: [configmaps/status], verbs: [get]}",
            "RC205 high: remove it: `configmaps` has no subresources",
        ),
        (
            "ClusterRole",
            "{apiGroups: [''], resources: [pods, pods/logs], verbs: [get]}",
            "RC205 high: use `pods/log`",
        ),
        // Approvers of certificates check these.
        (
            "ClusterRole",
            "{apiGroups: [certificates.k8s.io], resources: [certificatesigningrequests/clusteragent], verbs: [create]}",
            "RC205 info: remove it, unless an approver checks it",
        ),
        // Cluster-scoped in every API group that is known.
        (
            "Role",
            "{apiGroups: ['*'], resources: [nodes/proxy, mutatingwebhookconfigurations, persistentvolumes], verbs: [get]}",
            "RC208 low: move it to a ClusterRole that a ClusterRoleBinding grants",
        ),
        // A correction that would be dead is none.
        (
            "ClusterRole",
            "{apiGroups: [''], resources: [namespace/metrics], verbs: [get]}",
            "RC202 high: use `namespaces`: there is no subresource `metrics`",
        ),
    ] {
        assert_eq!(advice(kind, rule), [expected], "{rule}");
    }
}
