//! What is said of the risks of a rule: neither more nor less than it grants.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use rolecall_check::Category;

/// Checks what is said of the risks of rules that somebody holds everywhere, code by code.
#[track_caller]
fn check(rules: &str, expected: &[&str]) {
    let manifests = format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: tested}}
rules: [{rules}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: tested}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: tested}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
"#
    );
    let findings = support::findings_of(&manifests).into_iter();
    let found: Vec<String> = findings
        .filter(|finding| finding.rule.category == Category::Risk)
        .map(|finding| {
            let message = finding.message.replace("its holders may ", "");
            let message = message.replace(", in the whole cluster", "");
            format!("{} {} {message} [{}]", finding.rule.code, finding.severity, finding.fix)
        })
        .collect();
    assert_eq!(found, expected, "{rules}");
}

#[test]
fn only_the_kinds_that_are_granted_are_named() {
    check(
        "{apiGroups: [''], resources: [pods], verbs: [delete]}",
        &["RC549 medium delete Secrets, Pods, Services or workloads: `delete` on `pods` \
           [remove the verbs, or limit `delete` with `resourceNames`]"],
    );
    check(
        "{apiGroups: [batch], resources: [jobs], verbs: ['*']}",
        &[
            "RC502 critical do anything with Secrets, workloads, RBAC objects or identities: any verb on `jobs` \
           [name the verbs that are needed]",
        ],
    );
}

#[test]
fn names_are_no_advice_for_verbs_without_them() {
    check(
        "{apiGroups: [''], resources: [secrets], verbs: [create]}",
        &["RC512 high write Secrets, and mint tokens with them if they may read them \
           [remove `create`, unless that is needed]"],
    );
}

#[test]
fn verbs_that_do_no_harm_are_none() {
    for rule in [
        "{apiGroups: [batch], resources: [jobs], verbs: [update, patch]}",
        "{apiGroups: [''], resources: [configmaps], verbs: [create, delete]}",
        "{apiGroups: [''], resources: [persistentvolumeclaims], verbs: [create]}",
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [create]}",
    ] {
        check(rule, &[]);
    }
}

#[test]
fn webhooks_that_only_refuse_are_less_than_those_that_rewrite() {
    let rule = |resource: &str, verb: &str| {
        format!(
            "{{apiGroups: [admissionregistration.k8s.io], resources: [{resource}webhookconfigurations], verbs: [{verb}]}}"
        )
    };
    let codes = |rule: &str, expected: &str| {
        let findings = support::findings_of(&format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: a}}, rules: [{rule}]}}"
        ));
        let found: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.rule.category == Category::Risk)
            .map(|finding| finding.rule.code)
            .collect();
        assert_eq!(found, [expected], "{rule}");
    };
    codes(&rule("mutating", "patch"), "RC536");
    codes(&rule("mutating", "delete"), "RC559");
    codes(&rule("validating", "update"), "RC559");
}

#[test]
fn what_several_rules_of_a_role_do_is_said_once() {
    check(
        "{apiGroups: [a.example.com], resources: [widgets], verbs: ['*']}, \
         {apiGroups: [b.example.com], resources: [widgets], verbs: ['*']}, \
         {apiGroups: [c.example.com], resources: [widgets], verbs: ['*']}",
        &["RC504 low allows any verb, as `rules[1]` and `rules[2]` do [name what is needed]"],
    );
}
