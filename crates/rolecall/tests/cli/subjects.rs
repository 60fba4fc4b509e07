//! SUBJECT arguments: patterns, and every format that appears in output.

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_with};

const TEAM: &str = "\
{apiVersion: v1, kind: ServiceAccount, metadata: {name: deployer, namespace: ci}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: deputy, namespace: ci}}
---
{apiVersion: apps/v1, kind: Deployment, metadata: {name: runner, namespace: ci}, \
 spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, \
 spec: {serviceAccountName: deployer, containers: [{name: c, image: i}]}}}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: lister}, \
 rules: [{apiGroups: [''], resources: [pods], verbs: [list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: lister}, \
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lister}, \
 subjects: [{kind: User, name: jane@example.com}, {kind: User, name: joe@other.org}, {kind: Group, name: devs}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: deploy, namespace: ci}, \
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: lister}, \
 subjects: [{kind: ServiceAccount, name: deployer}]}
";

#[test]
fn patterns_match_the_users_and_groups_in_bindings() {
    let ask = |subject: &str| {
        rolecall_with(&format!("can-i list pods --for {subject} -n ci -f - --defaults none"), TEAM)
    };
    assert_snapshot!(ask("'user/*'"), @r#"
    SUBJECT                RESOURCE  LIST
    user/jane@example.com  pods      yes
    user/joe@other.org     pods      yes
    2 answers: 2 yes
    --- stderr
    note: `user/*` matches 2 users that bindings name
    --- exit 0
    "#);
    assert_snapshot!(ask("user/jane@*"), @r"
    SUBJECT                RESOURCE  LIST
    user/jane@example.com  pods      yes
    --- stderr
    note: `user/jane@*` matches 1 user that bindings name
    --- exit 0
    ");
    assert_snapshot!(ask("'Group:*'"), @r"
    SUBJECT     RESOURCE  LIST
    group/devs  pods      yes
    --- stderr
    note: `group/*` matches 1 group that bindings name
    --- exit 0
    ");
    assert_snapshot!(ask("sa/dep?ty"), @r"
    SUBJECT       RESOURCE  LIST
    sa/ci:deputy  pods      no
    --- exit 0
    ");
    assert_snapshot!(ask("'deploy/*'"), @r"
    SUBJECT         RESOURCE  LIST
    sa/ci:deployer  pods      yes
    --- exit 0
    ");
    assert_snapshot!(ask("'user/nobody*'"), @r#"
    --- stderr
    error: no user in a binding matches `user/nobody*`
    --- exit 2
    "#);
}

#[test]
fn every_printed_format_is_understood() {
    for subject in [
        "sa/deployer",
        "sa/ci:deployer",
        "sa/ci/deployer",
        "sa:ci:deployer",
        "'ServiceAccount ci/deployer'",
        "'ServiceAccount \"deployer/ci\"'",
        "'\"deployer/ci\"'",
        "system:serviceaccount:ci:deployer",
        "user/system:serviceaccount:ci:deployer",
        "'Deployment ci/runner'",
        "deploy/runner",
    ] {
        for command in ["can-i list pods --for", "why list pods --for"] {
            let ran = rolecall_with(&format!("{command} {subject} -n ci -f -"), TEAM);
            assert_eq!(ran.exit, Some(0), "{command} {subject}: {}", ran.stderr);
            assert!(
                ran.stdout.starts_with("yes: sa/ci:deployer "),
                "{command} {subject}: {}",
                ran.stdout
            );
        }
        let walked = rolecall_with(&format!("walk {subject} -n ci -f -"), TEAM);
        assert_eq!(walked.exit, Some(0), "{subject}: {}", walked.stderr);
    }
    for subject in
        ["User:jane@example.com", "'User jane@example.com'", "'User \"jane@example.com\"'"]
    {
        let ran = rolecall_with(&format!("can-i list pods --for {subject} -n ci -f -"), TEAM);
        assert_eq!(ran.exit, Some(0), "{subject}: {}", ran.stderr);
    }
    assert_snapshot!(rolecall_with("can-i list pods --for ci/deployer -n ci -f -", TEAM), @r#"
    --- stderr
    error: `ci` is not a kind of subject
    hint: use `sa/ci:deployer` instead of `ci/deployer`
    hint: run `rolecall help can-i` to see the notation of subjects
    --- exit 2
    "#);
}

#[test]
fn walks_start_from_bindings_and_namespaces() {
    for target in [
        "rolebinding/deploy",
        "'RoleBinding ci/deploy'",
        "rolebinding/ci/deploy",
        "rolebinding/ci:deploy",
        "rb/ci/deploy",
        "rb/ci:deploy",
    ] {
        let ran = rolecall_with(&format!("walk {target} -n ci -f - --defaults none"), TEAM);
        assert_eq!(ran.exit, Some(0), "{target}: {}", ran.stderr);
        assert!(ran.stdout.contains("`-- ServiceAccount ci/deployer"), "{target}: {}", ran.stdout);
    }
    assert_snapshot!(rolecall_with("walk clusterrolebinding/lister -f - --defaults none", TEAM), @r"
    ClusterRole lister
    |-- grants
    |   `-- list pods
    `-- everywhere: ClusterRoleBinding lister
        |-- User jane@example.com
        |-- User joe@other.org
        `-- Group devs
    --- exit 0
    ");
    assert_snapshot!(rolecall_with("walk rolebinding/lister -f -", TEAM), @r#"
    --- stderr
    error: there is no `rolebinding/lister` in the input
    hint: use `clusterrolebinding/lister` instead of `rolebinding/lister`
    --- exit 2
    "#);
    let of_namespace = rolecall_with("walk ns/ci -f -", TEAM);
    assert_eq!(of_namespace, rolecall_with("walk -n ci -f -", TEAM));
    assert_snapshot!(rolecall_with("walk ns/cj -f -", TEAM), @r"
    --- stderr
    error: there is no `ns/cj` in the input
    hint: use `ns/ci` instead of `ns/cj`
    --- exit 2
    ");
    assert_eq!(rolecall("walk 'clusterrolebinding/no*' -f fixtures/ns-1").exit, Some(2));
}
