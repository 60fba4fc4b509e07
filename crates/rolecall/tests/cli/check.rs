use std::fs;

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns, root};

#[test]
fn findings_are_a_table_and_fail() {
    assert_snapshot!(rolecall("check fixtures/v07-invalid-role-refs --severity low"), @r#"
    WHERE                                            CODE    SEVERITY   OBJECT                                     FINDING
    fixtures/v07-invalid-role-refs/invalid.yaml:8    RC103   high       ClusterRoleBinding v07-role-cluster-wide   roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole
    fixtures/v07-invalid-role-refs/invalid.yaml:22   RC103   high       RoleBinding v07-app/unknown-kind           roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; write `kind: Role` or `kind: ClusterRole`

    2 findings: 2 high
    --- exit 1
    "#);
}

#[test]
fn nothing_found_is_said_and_passes() {
    assert_snapshot!(rolecall("check fixtures/ns-1 --severity critical"), @r#"
        --- stderr
        note: nothing found
        --- exit 0
        "#);
}

#[test]
fn the_fail_level_decides_the_exit_code() {
    assert_snapshot!(
        rolecall("check fixtures/v07-invalid-role-refs --severity low --fail-level critical -o github"),
        @r#"
    ::error file=fixtures/v07-invalid-role-refs/invalid.yaml,line=8,endLine=8,col=9,endColumn=13,title=RC103 unsupported-role-kind::ClusterRoleBinding v07-role-cluster-wide: roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole
    ::error file=fixtures/v07-invalid-role-refs/invalid.yaml,line=22,endLine=22,col=9,endColumn=18,title=RC103 unsupported-role-kind::RoleBinding v07-app/unknown-kind: roleRef.kind: Unsupported value: "SuperRole": supported values: "Role", "ClusterRole"; write `kind: Role` or `kind: ClusterRole`
    --- exit 0
    "#
    );
}

#[test]
fn a_baseline_leaves_out_what_it_holds() {
    let path = root().join("target/baseline-of-a-test.json");
    fs::write(&path, rolecall("check fixtures/v07-invalid-role-refs -o json").stdout).unwrap();
    assert_snapshot!(
        rolecall("check fixtures/v07-invalid-role-refs --baseline target/baseline-of-a-test.json"),
        @r#"
        --- stderr
        note: nothing found
        --- exit 0
        "#
    );
}

#[test]
fn a_baseline_that_is_none_is_an_error() {
    assert_snapshot!(rolecall("check fixtures/ns-1 --baseline README.md"), @r#"
        --- stderr
        error: baseline `README.md` is no JSON: expected value at line 1 column 1
        hint: run `rolecall check PATH -o json` to write a baseline
        --- exit 2
        "#);
}

#[test]
fn nothing_to_check_is_an_error() {
    assert_snapshot!(rolecall("check"), @r#"
        --- stderr
        error: nothing to check
        hint: run `rolecall check PATH` to check manifests
        --- exit 2
        "#);
}

#[test]
fn junit_is_one_test_case_a_finding() {
    assert_snapshot!(rolecall("check fixtures/v07-invalid-role-refs --severity low -o junit"), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="rolecall" tests="2" failures="2" errors="0">
      <testsuite name="rolecall check" tests="2" failures="2" errors="0">
        <testcase classname="unsupported-role-kind" name="RC103 ClusterRoleBinding v07-role-cluster-wide">
          <failure type="high" message="Unsupported value: &quot;Role&quot;: supported values: &quot;ClusterRole&quot;">fixtures/v07-invalid-role-refs/invalid.yaml:8: roleRef.kind: Unsupported value: &quot;Role&quot;: supported values: &quot;ClusterRole&quot;; grant the Role with a RoleBinding in its namespace, or make it a ClusterRole</failure>
        </testcase>
        <testcase classname="unsupported-role-kind" name="RC103 RoleBinding v07-app/unknown-kind">
          <failure type="high" message="Unsupported value: &quot;SuperRole&quot;: supported values: &quot;Role&quot;, &quot;ClusterRole&quot;">fixtures/v07-invalid-role-refs/invalid.yaml:22: roleRef.kind: Unsupported value: &quot;SuperRole&quot;: supported values: &quot;Role&quot;, &quot;ClusterRole&quot;; write `kind: Role` or `kind: ClusterRole`</failure>
        </testcase>
      </testsuite>
    </testsuites>
    --- exit 1
    "#);
}

#[test]
fn a_code_is_explained() {
    assert_snapshot!(rolecall("explain rc210"), @r#"
        RC210 empty-grant
        category: dead, severity: low, since: 0.1.0, Kubernetes: all

        A role without rules, or a binding without subjects.

        # What it does

        Finds bindings that name nobody, and roles without rules that are not filled by aggregation.

        # Why is this bad

        They grant nothing. Often a template left the list empty. (Rules with an empty list of verbs, API
        groups or resources are rejected by the API server and reported as RC105.)

        # Example

        ```yaml
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: []
        ```

        # How to fix

        Name the subjects or rules, or remove the object.

        ```yaml
        apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {name: viewers, namespace: shop}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects:
        - {apiGroup: rbac.authorization.k8s.io, kind: Group, name: shop-viewers}
        ```
        --- exit 0
        "#);
}

#[test]
fn an_unknown_code_is_an_error() {
    assert_snapshot!(rolecall("explain missing-rol"), @r#"
        --- stderr
        error: there is no finding `missing-rol`
        hint: write `RC101` instead of `missing-rol`
        hint: run `rolecall explain` to list all findings
        --- exit 2
        "#);
}

#[test]
fn on_a_terminal_findings_stand_one_under_the_other() {
    let ran = rolecall_in_columns(60, "check fixtures/ns-1/manifests.yaml");
    assert_snapshot!(ran, @r#"
    high RC301 Deployment ns-1/lister
      fixtures/ns-1/manifests.yaml:57
      spec.template.spec.containers[0].command: `kubectl get
      pods -n default` will be refused: ServiceAccount
      `ns-1/k-sa-1` cannot list resource "pods" in API group ""
      in the namespace "default"
      fix: grant it: `rolecall fix list pods -n default --for
      sa/ns-1:k-sa-1 -f fixtures/ns-1/manifests.yaml`

    1 finding: 1 high
    --- exit 1
    "#);
}

#[test]
fn what_a_deployment_made_is_not_judged_once_more() {
    let ran = rolecall("check fixtures/ns-1 -o json");
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let objects: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|f| &f["object"]).collect();
    assert_eq!(objects.len(), 1, "{objects:?}");
    assert_eq!(objects[0]["kind"], "Deployment");
    // Without the Deployment it is its ReplicaSet that is judged.
    let ran = rolecall("check fixtures/ns-1/running.yaml --defaults v1.36 -o json");
    let found: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let kinds: Vec<_> =
        found["findings"].as_array().unwrap().iter().map(|f| &f["object"]["kind"]).collect();
    assert!(kinds.iter().all(|kind| *kind != "Pod"), "{kinds:?}");
}
