use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_with};

#[test]
fn yes_names_binding_role_and_rule() {
    assert_snapshot!(rolecall("can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    yes: sa/ns-1:k-sa-1 can list pods in namespace ns-1
      by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
    --- exit 0
    "#);
}

#[test]
fn no_has_the_servers_wording() {
    assert_snapshot!(
        rolecall("can-i get pods --for sa/default -n project-swan -f fixtures/project-swan/before"),
        @r#"
        no: User "system:serviceaccount:project-swan:default" cannot get resource "pods" in API group "" in the namespace "project-swan"
          roles that would allow it are not bound to sa/project-swan:default: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
        --- stderr
        hint: run `rolecall why get pods --for sa/default -n project-swan -f fixtures/project-swan/before` to see what would change the answer
        --- exit 1
        "#
    );
}

#[test]
fn a_workload_asks_as_its_serviceaccount() {
    assert_snapshot!(rolecall("can-i list pods --for deploy/lister -n ns-1 -f fixtures/ns-1"), @r#"
    yes: sa/ns-1:k-sa-1 (Deployment ns-1/lister) can list pods in namespace ns-1
      by RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
    --- exit 0
    "#);
}

#[test]
fn access_ends_at_the_namespace() {
    assert_snapshot!(
        rolecall("can-i list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1"),
        @r#"
        no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" in the namespace "default"
          near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
            but it only applies in namespace ns-1
        --- stderr
        hint: run `rolecall why list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1` to see what would change the answer
        --- exit 1
        "#
    );
}

#[test]
fn all_namespaces_together_are_not_the_sum_of_each() {
    assert_snapshot!(rolecall("can-i list pods --for sa/ns-1:k-sa-1 -A -f fixtures/ns-1"), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "pods" in API group "" at the cluster scope
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but it only applies in namespace ns-1, not across all namespaces
    --- stderr
    note: checking requests across all namespaces, which only ClusterRoleBindings grant
    hint: run `rolecall why list pods --for sa/ns-1:k-sa-1 -f fixtures/ns-1 -A` to see what would change the answer
    --- exit 1
    "#);
}

#[test]
fn cluster_scoped_kinds_ignore_the_namespace() {
    assert_snapshot!(rolecall("can-i list no --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "nodes" in API group "" at the cluster scope
      a role that would allow it is not bound to sa/ns-1:k-sa-1: ClusterRole cluster-admin (default)
    --- stderr
    note: `nodes` is cluster-scoped: checking at cluster scope
    hint: run `rolecall why list no --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1` to see what would change the answer
    --- exit 1
    "#);
}

#[test]
fn an_unserved_subresource_is_probably_misspelled() {
    assert_snapshot!(rolecall("can-i get pods/lgo --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    --- stderr
    error: `pods` has no subresource `lgo`
    hint: use `pods/log` instead of `pods/lgo`
    hint: pass `--name lgo` to ask about one object of `pods`
    --- exit 2
    "#);
}

#[test]
fn an_unserved_resource_is_probably_misspelled() {
    assert_snapshot!(rolecall("can-i get depolyments --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    --- stderr
    error: no served resource is named `depolyments`
    hint: use `deployments.apps` or `depolyments.GROUP` instead of `depolyments`
    --- exit 2
    "#);
}

#[test]
fn a_verb_is_not_changed() {
    assert_snapshot!(rolecall("can-i lst pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot lst resource "pods" in API group "" in the namespace "ns-1"
      near miss: RoleBinding ns-1/pod-lister (fixtures/ns-1/manifests.yaml:22), Role ns-1/pod-lister, rules[0]: list pods
        but the rule has the verb list, not lst
    --- stderr
    warning: unknown verb `lst`; did you mean `list`?
    hint: run `rolecall why lst pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1` to see what would change the answer
    --- exit 1
    "#);
    assert_snapshot!(
        rolecall("can-i create pods/log --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1"),
        @r#"
        no: User "system:serviceaccount:ns-1:k-sa-1" cannot create resource "pods/log" in API group "" in the namespace "ns-1"
          a role that would allow it is not bound to sa/ns-1:k-sa-1: ClusterRole cluster-admin (default)
        --- stderr
        warning: no server serves `create` for `pods/log`; answering anyway
        hint: run `rolecall why create pods/log --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1` to see what would change the answer
        --- exit 1
        "#
    );
}

#[test]
fn unread_input_makes_a_no_unknown() {
    assert_snapshot!(
        rolecall("can-i delete pods --for sa/app -n unread-document -f fixtures/unread-document"),
        @r#"
        unknown: as far as can be determined, User "system:serviceaccount:unread-document:app" cannot delete resource "pods" in API group "" in the namespace "unread-document"
          could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
          near miss: RoleBinding unread-document/app (fixtures/unread-document/manifests.yaml:22), Role unread-document/app, rules[0]: get pods
            but the rule has the verb get, not delete
        --- stderr
        error: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        --- exit 2
        "#
    );
    assert_snapshot!(
        rolecall(
            "can-i delete pods --for sa/app -n unread-document -f fixtures/unread-document \
             --keep-going"
        ),
        @r#"
        unknown: as far as can be determined, User "system:serviceaccount:unread-document:app" cannot delete resource "pods" in API group "" in the namespace "unread-document"
          could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
          near miss: RoleBinding unread-document/app (fixtures/unread-document/manifests.yaml:22), Role unread-document/app, rules[0]: get pods
            but the rule has the verb get, not delete
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        --- exit 3
        "#
    );
}

#[test]
fn yes_stays_yes_with_unread_input() {
    assert_snapshot!(
        rolecall(
            "can-i get pods --for sa/app -n unread-document -f fixtures/unread-document \
             --keep-going"
        ),
        @r#"
        yes: sa/unread-document:app can get pods in namespace unread-document
          by RoleBinding unread-document/app (fixtures/unread-document/manifests.yaml:22), Role unread-document/app, rules[0]: get pods
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        --- exit 0
        "#
    );
}

#[test]
fn the_node_authorizer_makes_a_no_unknown() {
    assert_snapshot!(
        rolecall(
            "can-i get secrets --for user/system:node:n1 --as-group system:nodes -f fixtures/ns-1"
        ),
        @r#"
        unknown: as far as can be determined, User "system:node:n1" cannot get resource "secrets" in API group "" in the namespace "ns-1"
          could not read: the Node authorizer: it can allow more than roles and bindings
          roles that would allow it are not bound to user/system:node:n1: ClusterRole edit (default), ClusterRole admin (default), ClusterRole cluster-admin (default)
        --- stderr
        note: no `-n` given: assuming namespace `ns-1`, the only one in the input
        --- exit 3
        "#
    );
}

/// A ClusterRole `view` in the input, and subjects with the default `view` and `edit`.
const OWN_VIEW: &str = "\
{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: view}, \
 rules: [{apiGroups: [''], resources: [secrets], verbs: [list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: view, namespace: shop}, \
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}, \
 subjects: [{kind: User, name: viewer}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: edit, namespace: shop}, \
 roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: edit}, \
 subjects: [{kind: User, name: editor}]}
";

#[test]
fn a_role_with_the_name_of_an_aggregated_default_is_merged_into_it() {
    for (user, ask, exit) in [
        ("viewer", "get configmaps", 0),
        ("viewer", "list secrets", 1),
        ("editor", "get configmaps", 0),
        ("editor", "list endpoints", 0),
    ] {
        let ran = rolecall_with(&format!("can-i {ask} --for user/{user} -n shop -f -"), OWN_VIEW);
        assert_eq!(ran.exit, Some(exit), "{user} {ask}: {}", ran.stdout);
        assert!(
            ran.stderr.starts_with(
                "note: ClusterRole `view` is aggregated: a controller overwrites its own rules\n"
            ),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn stored_rules_of_aggregated_roles_are_used() {
    let role = |uid: &str| {
        format!(
            "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: mon{uid}}}, \
             aggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{mon: 'true'}}}}]}}, rules: null}}\n---\n\
             {{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: mon-a, \
             labels: {{mon: 'true'}}{uid}}}, rules: [{{apiGroups: [''], resources: [endpoints], verbs: [get]}}]}}\n---\n\
             {{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {{name: mon, namespace: shop}}, \
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: mon}}, \
             subjects: [{{kind: User, name: jane}}]}}\n"
        )
    };
    let ask = "can-i get endpoints --for user/jane -n shop -f -";
    assert_eq!(rolecall_with(ask, &role("")).exit, Some(0));
    for stored in [", uid: a-b", ", resourceVersion: '7'"] {
        let ran = rolecall_with(ask, &role(stored));
        assert_eq!(ran.exit, Some(1), "{stored}: {}", ran.stdout);
        assert!(
            ran.stderr
                .starts_with("note: ClusterRole `mon` is aggregated, but its stored rules differ"),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn a_role_binding_grants_bind_in_its_namespace() {
    assert_snapshot!(
        rolecall(
            "can-i bind clusterroles --name view --for user/delegated-bind-lead -n delegated-bind \
             -f fixtures/delegated-bind"
        ),
        @r#"
        yes: user/delegated-bind-lead can bind clusterroles.rbac.authorization.k8s.io "view" in namespace delegated-bind
          by RoleBinding delegated-bind/granter to User delegated-bind-lead (fixtures/delegated-bind/manifests.yaml:21), ClusterRole delegated-bind-granter, rules[1]: bind clusterroles.rbac.authorization.k8s.io "view"
        --- stderr
        note: checking `bind` for RoleBindings in namespace `delegated-bind`
        --- exit 0
        "#
    );
    let matrix = rolecall(
        "can-i --verbs get,bind,escalate --resources clusterroles --name view -n delegated-bind -n default \
         --for user/delegated-bind-lead -f fixtures/delegated-bind",
    );
    assert_snapshot!(matrix, @r#"
    NAMESPACE       RESOURCE                                GET  BIND  ESCALATE
    delegated-bind  clusterroles.rbac.authorization.k8s.io  no   yes   no
    default         clusterroles.rbac.authorization.k8s.io  no   no    no
    6 answers: 1 yes, 5 no
    --- exit 0
    "#);
}

#[test]
fn masters_can_do_anything() {
    assert_snapshot!(
        rolecall("can-i '*' '*' --as root --as-group system:masters -f fixtures/ns-1"),
        @r#"
        yes: user/root can * *.* in namespace ns-1
          by group system:masters, which is allowed everything without checking RBAC
          by ClusterRoleBinding cluster-admin to Group system:masters (default), ClusterRole cluster-admin, rules[0]: * *.*
        --- stderr
        note: no `-n` given: assuming namespace `ns-1`, the only one in the input
        --- exit 0
        "#
    );
}

#[test]
fn json_contains_the_evidence() {
    assert_snapshot!(
        rolecall("can-i list pods --for sa/k-sa-1 -n ns-1 -f fixtures/ns-1 -o json"),
        @r#"
        {
          "apiVersion": "rolecall.dev/v1",
          "kind": "AccessAnswer",
          "subject": {
            "subject": "sa/ns-1:k-sa-1",
            "user": "system:serviceaccount:ns-1:k-sa-1",
            "groups": [
              "system:serviceaccounts",
              "system:serviceaccounts:ns-1",
              "system:authenticated"
            ]
          },
          "cell": {
            "subject": "sa/ns-1:k-sa-1",
            "namespace": "ns-1",
            "verb": "list",
            "group": "",
            "resource": "pods",
            "subresource": "",
            "name": "",
            "path": "",
            "verdict": "allowed",
            "by": [
              {
                "binding": {
                  "kind": "RoleBinding",
                  "namespace": "ns-1",
                  "name": "pod-lister",
                  "file": "fixtures/ns-1/manifests.yaml",
                  "line": 22
                },
                "role": {
                  "kind": "Role",
                  "namespace": "ns-1",
                  "name": "pod-lister",
                  "file": "fixtures/ns-1/manifests.yaml",
                  "line": 12
                },
                "subject": {
                  "kind": "ServiceAccount",
                  "namespace": "ns-1",
                  "name": "k-sa-1"
                },
                "rule": {
                  "verbs": [
                    "list"
                  ],
                  "apiGroups": [
                    ""
                  ],
                  "resources": [
                    "pods"
                  ]
                },
                "ruleIndex": 0,
                "reason": "RBAC: allowed by RoleBinding \"pod-lister/ns-1\" of Role \"pod-lister\" to ServiceAccount \"k-sa-1/ns-1\""
              }
            ],
            "problems": [],
            "gaps": []
          },
          "nearMisses": []
        }
        --- exit 0
        "#
    );
}

#[test]
fn yaml_contains_the_near_misses() {
    assert_snapshot!(
        rolecall(
            "can-i list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --defaults none -o yaml"
        ),
        @r#"
        apiVersion: rolecall.dev/v1
        kind: AccessAnswer
        subject:
          subject: sa/ns-1:k-sa-1
          user: system:serviceaccount:ns-1:k-sa-1
          groups:
          - system:serviceaccounts
          - system:serviceaccounts:ns-1
          - system:authenticated
        cell:
          subject: sa/ns-1:k-sa-1
          namespace: default
          verb: list
          group: ''
          resource: pods
          subresource: ''
          name: ''
          path: ''
          verdict: denied
          by: []
          problems: []
          gaps: []
        nearMisses:
        - kind: other-namespace
          message: it only applies in namespace ns-1
          change: use `-n ns-1` if you meant that namespace, or grant only this request in namespace default
          binding:
            kind: RoleBinding
            namespace: ns-1
            name: pod-lister
            file: fixtures/ns-1/manifests.yaml
            line: 22
          role:
            kind: Role
            namespace: ns-1
            name: pod-lister
            file: fixtures/ns-1/manifests.yaml
            line: 12
          subject:
            kind: ServiceAccount
            namespace: ns-1
            name: k-sa-1
          rule:
            verbs:
            - list
            apiGroups:
            - ''
            resources:
            - pods
          ruleIndex: 0
        --- stderr
        hint: run `rolecall why list pods --for sa/ns-1:k-sa-1 -n default -f fixtures/ns-1 --defaults none` to see what would change the answer
        --- exit 1
        "#
    );
}

#[test]
fn a_url_is_a_path() {
    assert_snapshot!(rolecall("can-i get /healthz --for sa/k-sa-1 -f fixtures/ns-1"), @r#"
    yes: sa/ns-1:k-sa-1 can get /healthz
      by ClusterRoleBinding system:discovery to Group system:authenticated (default), ClusterRole system:discovery, rules[0]: get /healthz and 10 more
      by ClusterRoleBinding system:public-info-viewer to Group system:authenticated (default), ClusterRole system:public-info-viewer, rules[0]: get /healthz and 4 more
    --- stderr
    note: no `-n` given: assuming namespace `ns-1`, the only one in the input
    --- exit 0
    "#);
    assert_snapshot!(rolecall("can-i list /healthz --for sa/k-sa-1 -f fixtures/ns-1"), @r#"
    no: User "system:serviceaccount:ns-1:k-sa-1" cannot list path "/healthz"
      near miss: ClusterRoleBinding system:discovery (default), ClusterRole system:discovery, rules[0]: get /healthz and 10 more
        but the rule has the verb get, not list
      near miss: ClusterRoleBinding system:public-info-viewer (default), ClusterRole system:public-info-viewer, rules[0]: get /healthz and 4 more
        but the rule has the verb get, not list
    --- stderr
    note: no `-n` given: assuming namespace `ns-1`, the only one in the input
    warning: `list` is not a verb of URL paths; their verbs are get, head, post, put, patch, delete, options
    hint: run `rolecall why list /healthz --for sa/k-sa-1 -f fixtures/ns-1` to see what would change the answer
    --- exit 1
    "#);
    assert_snapshot!(rolecall("can-i get /healthz --name x --for sa/x -f fixtures/ns-1"), @r#"
    --- stderr
    note: no `-n` given: assuming namespace `ns-1`, the only one in the input
    warning: there is no ServiceAccount `x` in namespace `ns-1`
    error: a URL path has no `--name`
    hint: use `/healthz` instead of `/healthz --name x`
    --- exit 2
    "#);
}
