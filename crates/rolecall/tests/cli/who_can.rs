use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_in_columns};

#[test]
fn all_subjects_are_listed() {
    assert_snapshot!(rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 --defaults none"), @r#"
    SUBJECT          NAMESPACE   BINDING      ROLE
    sa/ns-1:k-sa-1   ns-1        pod-lister   Role/pod-lister
    --- stderr
    note: group system:masters can do anything, regardless of roles and bindings
    --- exit 0
    "#);
}

#[test]
fn a_single_folded_subject_is_singular() {
    let ran = rolecall("who-can create pods/exec -A -f fixtures/refactoring/after");
    assert!(ran.stdout.contains("\nand 1 built-in subject, system:masters ("), "{ran}");
}

#[test]
fn default_roles_are_included() {
    assert_snapshot!(rolecall("who-can get secrets -n ns-1 -f fixtures/ns-1"), @r#"
    and 4 built-in subjects, including system:masters (--show-system lists them)
    --- stderr
    note: nodes can, too, for their own Pods: the Node authorizer decides for group system:nodes
    --- exit 0
    "#);
}

#[test]
fn all_namespaces_are_asked_one_by_one() {
    assert_snapshot!(
        rolecall("who-can get pods -A -f fixtures/v08-same-name-two-namespaces --defaults none"),
        @r#"
        SUBJECT           NAMESPACE   BINDING   ROLE
        sa/v08-prod:app   v08-prod    app       Role/app
        sa/v08-test:app   v08-test    app       Role/app
        2 subjects, 2 bindings, 2 namespaces
        --- stderr
        note: group system:masters can do anything, regardless of roles and bindings
        --- exit 0
        "#
    );
    assert_snapshot!(
        rolecall("who-can get pods -n v08-dev -n v08-prod -f fixtures/v08-same-name-two-namespaces --defaults none"),
        @r#"
        SUBJECT           NAMESPACE   BINDING   ROLE
        sa/v08-prod:app   v08-prod    app       Role/app
        --- stderr
        note: the input has no roles, bindings or ServiceAccounts in namespace `v08-dev`
        note: group system:masters can do anything, regardless of roles and bindings
        --- exit 0
        "#
    );
}

#[test]
fn groups_include_their_serviceaccounts() {
    assert_snapshot!(
        rolecall("who-can get configmaps -A -o wide -f fixtures/v01-implied-groups --defaults none"),
        @r#"
        SUBJECT                                 NAMESPACE   BINDING                 ROLE                 RULE                        DEFINED IN                                      WORKLOADS
        group/system:serviceaccounts:v01-blue   v01-blue    config-reader-of-blue   Role/config-reader   get,list,watch configmaps   fixtures/v01-implied-groups/manifests.yaml:56
          sa/v01-blue:worker                    v01-blue    config-reader-of-blue   Role/config-reader   get,list,watch configmaps   fixtures/v01-implied-groups/manifests.yaml:56
        --- stderr
        note: group system:masters can do anything, regardless of roles and bindings
        --- exit 0
        "#
    );
}

#[test]
fn json_contains_members_and_evidence() {
    assert_snapshot!(
        rolecall("who-can list configmaps -n v01-green -o json -f fixtures/v01-implied-groups --defaults none"),
        @r#"
        {
          "apiVersion": "rolecall.dev/v1",
          "kind": "AccessHolders",
          "requests": [
            {
              "namespace": "v01-green",
              "verb": "list",
              "group": "",
              "resource": "configmaps",
              "subresource": "",
              "name": "",
              "path": ""
            }
          ],
          "holders": [],
          "implicit": [
            {
              "kind": "Group",
              "name": "system:masters"
            }
          ],
          "problems": [],
          "gaps": []
        }
        --- stderr
        note: no subject found can list configmaps in namespace v01-green
        note: group system:masters can do anything, regardless of roles and bindings
        --- exit 1
        "#
    );
}

#[test]
fn role_bindings_do_not_grant_cluster_scoped_resources() {
    for ask in ["list nodes", "impersonate users", "approve signers", "escalate clusterroles"] {
        let ran = rolecall(&format!("who-can {ask} -A -f fixtures/delegated-bind --defaults none"));
        let resource = ask.split(' ').next_back().unwrap_or_default();
        let note =
            format!("note: `{resource}` is cluster-scoped, so RoleBindings cannot grant it\n");
        assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""), "{ask}");
        assert!(ran.stderr.starts_with(&note), "{ask}: {}", ran.stderr);
    }
}

#[test]
fn bind_applies_to_the_namespace_of_the_binding() {
    let row = "SUBJECT                    NAMESPACE        BINDING   ROLE\n\
               user/delegated-bind-lead   delegated-bind   granter   ClusterRole/delegated-bind-granter\n";
    for (place, exit, stdout) in
        [("-n delegated-bind", 0, row), ("-A", 0, row), ("-n default", 1, "")]
    {
        let ran = rolecall(&format!(
            "who-can bind clusterroles --name view {place} -f fixtures/delegated-bind --defaults none"
        ));
        assert_eq!((ran.exit, &*ran.stdout), (Some(exit), stdout), "{place}");
        let note =
            "note: checking `bind` for ClusterRoleBindings, and RoleBindings in each namespace\n";
        assert_eq!(ran.stderr.contains(note), place == "-A", "{ran}");
    }
}

#[test]
fn no_subjects_exit_with_1() {
    assert_snapshot!(rolecall("who-can delete nodes -f fixtures/ns-1 --defaults none"), @r#"
    --- stderr
    note: no subject found can delete nodes at the cluster scope
    note: group system:masters can do anything, regardless of roles and bindings
    --- exit 1
    "#);
}

#[test]
fn urls_have_subjects_too() {
    assert_snapshot!(rolecall("who-can get /metrics -f fixtures/v19-urls --defaults none"), @r#"
    SUBJECT          NAMESPACE   BINDING         ROLE
    user/v19-admin   *           v19-every-url   ClusterRole/v19-every-url
    --- stderr
    note: group system:masters can do anything, regardless of roles and bindings
    --- exit 0
    "#);
    assert_snapshot!(rolecall("who-can get /v19 -f fixtures/v19-urls --defaults none"), @r#"
    SUBJECT             NAMESPACE   BINDING         ROLE
    user/v19-admin      *           v19-every-url   ClusterRole/v19-every-url
    sa/v19-app:prober   *           v19-urls        ClusterRole/v19-urls
    2 subjects, 2 bindings
    --- stderr
    note: group system:masters can do anything, regardless of roles and bindings
    --- exit 0
    "#);
}

#[test]
fn unread_input_can_hide_subjects() {
    assert_snapshot!(
        rolecall("who-can get pods -n unread-document -f fixtures/unread-document --defaults none --keep-going"),
        @r#"
        SUBJECT                  NAMESPACE         BINDING   ROLE
        sa/unread-document:app   unread-document   app       Role/app
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        note: group system:masters can do anything, regardless of roles and bindings
        warning: there might be more subjects; could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
        --- exit 3
        "#
    );
}

#[test]
fn eighty_columns_are_enough() {
    let ran = rolecall_in_columns(80, "who-can get secrets -n ns-1 -f fixtures/ns-1 -o wide");
    let widest = ran.stdout.lines().map(|line| line.chars().count()).max();
    assert!(widest.is_some_and(|widest| widest <= 80), "{widest:?}");
}
