//! The subjects that are dangerous, and the forms in which they are listed.

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns};

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
