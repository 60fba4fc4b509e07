use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns};

const SMALL: &str = "can-i --for sa/prueba-sa -n prueba-rbac -f fixtures/prueba-rbac \
                     --resources pods,nodes,/metrics --verbs get,list,create";

#[test]
fn rows_of_words() {
    assert_snapshot!(rolecall(SMALL), @r#"
    RESOURCE  GET  LIST  CREATE
    pods      yes  yes   no
    nodes     no   no    no
    /metrics  no   no    no
    9 answers: 2 yes, 7 no
    --- exit 0
    "#);
}

#[test]
fn wide_has_one_line_per_cell() {
    assert_snapshot!(rolecall(&format!("{SMALL} -o wide")), @r#"
    SUBJECT                   NAMESPACE    RESOURCE  VERB    ANSWER  BY
    sa/prueba-rbac:prueba-sa  prueba-rbac  pods      get     yes     RoleBinding prueba-rbac/prueba-rolebinding
    sa/prueba-rbac:prueba-sa  prueba-rbac  pods      list    yes     RoleBinding prueba-rbac/prueba-rolebinding
    sa/prueba-rbac:prueba-sa  prueba-rbac  pods      create  no
    sa/prueba-rbac:prueba-sa  -            nodes     get     no
    sa/prueba-rbac:prueba-sa  -            nodes     list    no
    sa/prueba-rbac:prueba-sa  -            nodes     create  no
    sa/prueba-rbac:prueba-sa  -            /metrics  get     no
    sa/prueba-rbac:prueba-sa  -            /metrics  list    no
    sa/prueba-rbac:prueba-sa  -            /metrics  create  no
    --- exit 0
    "#);
}

#[test]
fn comma_separated_values() {
    assert_snapshot!(rolecall(&format!("{SMALL} -o csv")), @r#"
    subject,namespace,verb,group,resource,subresource,name,path,verdict,by
    sa/prueba-rbac:prueba-sa,prueba-rbac,get,,pods,,,,allowed,RoleBinding prueba-rbac/prueba-rolebinding
    sa/prueba-rbac:prueba-sa,prueba-rbac,list,,pods,,,,allowed,RoleBinding prueba-rbac/prueba-rolebinding
    sa/prueba-rbac:prueba-sa,prueba-rbac,create,,pods,,,,denied,
    sa/prueba-rbac:prueba-sa,,get,,nodes,,,,denied,
    sa/prueba-rbac:prueba-sa,,list,,nodes,,,,denied,
    sa/prueba-rbac:prueba-sa,,create,,nodes,,,,denied,
    sa/prueba-rbac:prueba-sa,,get,,,,,/metrics,denied,
    sa/prueba-rbac:prueba-sa,,list,,,,,/metrics,denied,
    sa/prueba-rbac:prueba-sa,,create,,,,,/metrics,denied,
    --- exit 0
    "#);
}

#[test]
fn a_table_in_markdown() {
    assert_snapshot!(rolecall(&format!("{SMALL} -o markdown")), @r#"
    | resource | get | list | create |
    |---|---|---|---|
    | pods | yes | yes | no |
    | nodes | no | no | no |
    | /metrics | no | no | no |
    --- exit 0
    "#);
}

#[test]
fn json_is_one_object_with_all_cells() {
    assert_snapshot!(
        rolecall(
            "can-i --for sa/prueba-sa -n prueba-rbac -f fixtures/prueba-rbac --resources pods \
             --verbs get,create -o json"
        ),
        @r#"
        {
          "apiVersion": "rolecall.dev/v1",
          "kind": "AccessMatrix",
          "subjects": [
            {"subject":"sa/prueba-rbac:prueba-sa","user":"system:serviceaccount:prueba-rbac:prueba-sa","groups":["system:serviceaccounts","system:serviceaccounts:prueba-rbac","system:authenticated"]}
          ],
          "cells": [
            {"subject":"sa/prueba-rbac:prueba-sa","namespace":"prueba-rbac","verb":"get","group":"","resource":"pods","subresource":"","name":"","path":"","verdict":"allowed","by":[{"binding":{"kind":"RoleBinding","namespace":"prueba-rbac","name":"prueba-rolebinding","file":"fixtures/prueba-rbac/manifests.yaml","line":22},"role":{"kind":"Role","namespace":"prueba-rbac","name":"prueba-role","file":"fixtures/prueba-rbac/manifests.yaml","line":12},"subject":{"kind":"ServiceAccount","namespace":"prueba-rbac","name":"prueba-sa"},"rule":{"verbs":["get","list","delete"],"apiGroups":[""],"resources":["pods"]},"ruleIndex":0,"reason":"RBAC: allowed by RoleBinding \"prueba-rolebinding/prueba-rbac\" of Role \"prueba-role\" to ServiceAccount \"prueba-sa/prueba-rbac\""}],"problems":[],"gaps":[]},
            {"subject":"sa/prueba-rbac:prueba-sa","namespace":"prueba-rbac","verb":"create","group":"","resource":"pods","subresource":"","name":"","path":"","verdict":"denied","by":[],"problems":[],"gaps":[]}
          ]
        }
        --- exit 0
        "#
    );
}

#[test]
fn yaml_is_the_same_object() {
    let arguments = "can-i --for 'sa/*' -A -f fixtures/ns-1 --resources pods,no --subresources";
    let json = rolecall(&format!("{arguments} -o json"));
    let yaml = rolecall(&format!("{arguments} -o yaml"));
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let yaml: serde_json::Value = serde_yaml::from_str(&yaml.stdout).unwrap();
    assert_eq!(json, yaml);
}

#[test]
fn several_subjects_and_namespaces_have_columns() {
    assert_snapshot!(
        rolecall(
            "can-i --for 'sa/*' --for user/jane -A -f fixtures/v08-same-name-two-namespaces \
             --resources pods,nodes --verbs get,delete"
        ),
        @r#"
        SUBJECT          NAMESPACE           RESOURCE  GET  DELETE
        sa/v08-prod:app  -                   nodes     no   no
        sa/v08-prod:app  *                   pods      no   no
        sa/v08-prod:app  v08-prod            pods      yes  no
        sa/v08-prod:app  v08-test            pods      no   no
        sa/v08-test:app  -                   nodes     no   no
        sa/v08-test:app  *                   pods      no   no
        sa/v08-test:app  v08-prod            pods      no   no
        sa/v08-test:app  v08-test            pods      yes  yes
        user/jane        -                   nodes     no   no
        user/jane        *                   pods      no   no
        user/jane        v08-prod, v08-test  pods      no   no
        24 answers: 3 yes, 21 no
        --- exit 0
        "#
    );
}

#[test]
fn a_verb_and_a_resource_can_have_several_subjects() {
    assert_snapshot!(
        rolecall("can-i get,list pods --for sa/k-sa-1 -n ns-1 -n default -f fixtures/ns-1"),
        @r#"
        NAMESPACE  RESOURCE  GET  LIST
        ns-1       pods      no   yes
        default    pods      no   no
        4 answers: 1 yes, 3 no
        --- exit 0
        "#
    );
}

#[test]
fn cells_that_depend_on_unread_input_are_unknown() {
    assert_snapshot!(
        rolecall(
            "can-i --for sa/app -n unread-document -f fixtures/unread-document --keep-going \
             --resources pods,nodes --verbs get,delete"
        ),
        @r#"
        RESOURCE  GET      DELETE
        pods      yes      unknown
        nodes     unknown  unknown
        4 answers: 1 yes, 3 unknown
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        warning: 3 answers are unknown, because something could not be read
        --- exit 3
        "#
    );
}

#[test]
fn every_served_resource_has_a_row() {
    let all = rolecall("can-i --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o csv");
    let with_subresources =
        rolecall("can-i --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o csv --subresources");
    let count = |csv: &str| csv.lines().count() - 1;
    // 67 resources and 44 subresources of v1.36, with 8 verbs each.
    assert_eq!((count(&all.stdout), count(&with_subresources.stdout)), (536, 888));
}

#[test]
fn eighty_columns_are_enough() {
    let ran = rolecall_in_columns(80, "can-i --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1");
    let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 80), "{widest:?}");
}

#[test]
fn hostile_names_stay_in_one_field() {
    assert_snapshot!(
        rolecall(
            "can-i get pods --for 'user/a,\"b\u{9b}' --for 'user/c|\nd' -n ns-1 -f fixtures/ns-1 -o csv"
        ),
        @r#"
        subject,namespace,verb,group,resource,subresource,name,path,verdict,by
        "user/a,""b\u{9b}",ns-1,get,,pods,,,,denied,
        user/c|\nd,ns-1,get,,pods,,,,denied,
        --- exit 0
        "#
    );
    assert_snapshot!(
        rolecall(
            "can-i get pods --for 'user/a,\"b\u{9b}' --for 'user/c|\nd' -n ns-1 -f fixtures/ns-1 \
             -o markdown"
        ),
        @r#"
        | subject | resource | get |
        |---|---|---|
        | user/a,"b\\u{9b} | pods | no |
        | user/c\|\\nd | pods | no |
        --- exit 0
        "#
    );
}

/// The table is computed from the grid, and the other formats decide each cell.
#[test]
fn the_grid_agrees_with_the_decisions() {
    for fixture in ["v01-implied-groups", "v06-clusterrole-in-a-namespace", "v15-resource-names"] {
        let arguments = format!("can-i --for 'sa/*' -A -f fixtures/{fixture} --subresources");
        let table = rolecall(&format!("{arguments} -o markdown"));
        let csv = rolecall(&format!("{arguments} -o csv"));
        let yes_in_table = table.stdout.matches("| yes ").count();
        let allowed = csv.stdout.lines().filter(|line| line.contains(",allowed,")).count();
        assert!(allowed > 0, "{fixture}");
        assert_eq!(yes_in_table, allowed, "{fixture}");
    }
}
