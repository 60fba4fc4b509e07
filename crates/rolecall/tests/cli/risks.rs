//! The subjects that are dangerous, and the forms in which they are listed.

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns, rolecall_with};

/// Other software might create a ServiceAccount that manifests only name.
#[test]
fn an_account_that_manifests_only_name_is_assessed() {
    const BINDING: &str = "\
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: b},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin},
subjects: [{kind: ServiceAccount, name: deployer, namespace: ci},
{kind: ServiceAccount, name: default, namespace: ci}]}
";
    let ran = rolecall_with("risks -f -", BINDING);
    for account in ["sa/ci:deployer", "sa/ci:default"] {
        assert!(ran.stdout.contains(account), "{ran}");
    }
    assert_eq!(ran.exit, Some(1), "{ran}");
}

#[test]
fn subjects_are_listed_by_what_they_can_become() {
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin"), @r#"
    SEVERITY   SUBJECT            BECOMES                   RISKS                    RUNS IN
    critical   sa/ci:release      cluster-admin (1 step)    RC529 RC530 everywhere   Deployment release
    critical   group/developers   cluster-admin (2 steps)   RC516 RC549 in ci
    2 subjects: 2 critical
    --- exit 1
    "#);
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin -o csv"), @r#"
    severity,subject,becomes,risks,runs in,bindings
    critical,sa/ci:release,cluster-admin (1 step),RC529 RC530 everywhere,Deployment release,ClusterRoleBinding release-installer
    critical,group/developers,cluster-admin (2 steps),RC516 RC549 in ci,,RoleBinding ci/job-runners
    --- exit 1
    "#);
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin -o markdown"), @r#"
    | severity | subject | becomes | risks | runs in | bindings |
    |---|---|---|---|---|---|
    | critical | sa/ci:release | cluster-admin (1 step) | RC529 RC530 everywhere | Deployment release | ClusterRoleBinding release-installer |
    | critical | group/developers | cluster-admin (2 steps) | RC516 RC549 in ci |  | RoleBinding ci/job-runners |
    --- exit 1
    "#);
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin --summary"), @r#"
    BECOMES         WORST      COUNT
    cluster-admin   critical   2

    SUBJECT            WORST      COUNT
    group/developers   critical   1
    sa/ci:release      critical   1

    2 subjects: 2 critical
    --- exit 1
    "#);
}

#[test]
fn the_list_fits_a_terminal() {
    let ran = rolecall_in_columns(80, "risks -f fixtures/ci-to-admin");
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80), "{ran}");
}

#[test]
fn a_workload_counts_as_its_service_account_and_a_namespace_selects_its_subjects() {
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin --for deploy/release -n ci -o csv"), @r#"
    severity,subject,becomes,risks,runs in,bindings
    critical,sa/ci:release,cluster-admin (1 step),RC529 RC530 everywhere,Deployment release,ClusterRoleBinding release-installer
    --- exit 1
    "#);
    assert_snapshot!(rolecall("risks -f fixtures/ci-to-admin -n nowhere"), @r#"
    --- stderr
    note: no subject is selected
    --- exit 0
    "#);
}

#[test]
fn the_fail_level_decides_about_the_exit_code() {
    for (arguments, expected) in [
        ("risks -f fixtures/ci-to-admin", 1),
        ("risks -f fixtures/ci-to-admin --fail-level none", 0),
        ("risks -f fixtures/ci-to-admin -n nowhere", 0),
        ("risks -f fixtures/ci-to-admin -o json --summary", 2),
        ("risks -f nowhere", 2),
    ] {
        let ran = rolecall(arguments);
        assert_eq!(ran.exit, Some(expected), "{ran}");
    }
}

#[test]
fn builtin_subjects_are_listed_on_request() {
    let ran = rolecall("risks -f fixtures/ci-to-admin -o csv --show-system");
    assert!(ran.stdout.contains("group/system:masters"), "{ran}");
}

/// Jane reaches `shop` only with two ServiceAccounts at once: one writes roles, the other binds them.
const TWO_ACTORS: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: writer, namespace: ops}}
- {apiVersion: v1, kind: ServiceAccount, metadata: {name: binder, namespace: ops}}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: tokens, namespace: ops}
  rules: [{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: tokens, namespace: ops}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: tokens}
  subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: writer, namespace: shop}
  rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [create, escalate]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: writer, namespace: shop}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: writer}
  subjects: [{kind: ServiceAccount, name: writer, namespace: ops}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: {name: binder, namespace: shop}
  rules:
  - {apiGroups: [rbac.authorization.k8s.io], resources: [rolebindings], verbs: [create]}
  - {apiGroups: [rbac.authorization.k8s.io], resources: [roles], verbs: [bind]}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: {name: binder, namespace: shop}
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: binder}
  subjects: [{kind: ServiceAccount, name: binder, namespace: ops}]
";

/// Returns more viewers than a search for several actors takes.
fn many_viewers() -> String {
    let viewers: String = (0..101)
        .map(|number| {
            format!("- {{apiGroup: rbac.authorization.k8s.io, kind: User, name: u{number}}}\n")
        })
        .collect();
    format!(
        "---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: viewers, namespace: shop}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}}
subjects:
{viewers}"
    )
}

#[test]
fn a_path_of_several_actors_is_found_among_hundreds_of_subjects() {
    let many = format!("{TWO_ACTORS}{}", many_viewers());
    for input in [TWO_ACTORS, &many] {
        let ran = rolecall_with("risks -f - --for user/jane", input);
        assert!(ran.stdout.contains("namespace/shop"), "{ran}");
    }
    let all = rolecall_with("risks -f -", &many);
    assert!(all.stdout.contains("namespace/shop"), "{all}");
}

#[test]
fn a_path_of_several_actors_is_found_on_both_sides_of_any_size() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let old = write("old.yaml", TWO_ACTORS);
    let new = write("new.yaml", &format!("{TWO_ACTORS}{}", many_viewers()));
    for (old, new) in [(&old, &new), (&new, &old)] {
        let ran = rolecall(&format!("diff {old} {new} --fail-on paths --limit 1"));
        assert!(!ran.stdout.contains("opened") && !ran.stdout.contains("closed"), "{ran}");
        assert_eq!(ran.exit, Some(0), "{ran}");
    }
}
