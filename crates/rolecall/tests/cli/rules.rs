use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_with};

#[test]
fn one_subject_in_one_namespace() {
    assert_snapshot!(
        rolecall("rules --for sa/prueba-sa -n prueba-rbac -f fixtures/prueba-rbac"),
        @r#"
        RESOURCE OR URL   VERBS
        pods              delete get list
        and the 18 default rules of every user (--show-system lists them)
        --- exit 0
        "#
    );
}

#[test]
fn many_subjects_have_a_column() {
    assert_snapshot!(
        rolecall("rules --for 'sa/*' -A -f fixtures/v08-same-name-two-namespaces --defaults none"),
        @r#"
        SUBJECT           NAMESPACE   RESOURCE OR URL   VERBS
        sa/v08-prod:app   v08-prod    pods              get
        sa/v08-test:app   v08-test    pods              *
        2 rules, 2 subjects, 2 namespaces
        --- exit 0
        "#
    );
}

#[test]
fn wide_shows_the_bindings() {
    assert_snapshot!(
        rolecall("rules --for sa/config-agent -n v15-app -f fixtures/v15-resource-names --defaults none -o wide"),
        @r#"
        SUBJECT                   NAMESPACE   RESOURCE OR URL   NAME         VERBS                                                  THROUGH
        sa/v15-app:config-agent   v15-app     configmaps        "settings"   create delete deletecollection get list update watch   RoleBinding v15-app/config-agent
        sa/v15-app:config-agent   v15-app     pods/exec         "web-0"      create                                                 RoleBinding v15-app/config-agent
        2 rules, 1 subject, 1 namespace
        --- exit 0
        "#
    );
}

#[test]
fn json_is_a_rules_review() {
    assert_snapshot!(
        rolecall("rules --for sa/prueba-sa -n prueba-rbac -f fixtures/prueba-rbac --defaults none -o json"),
        @r#"
        {
          "apiVersion": "authorization.k8s.io/v1",
          "kind": "SelfSubjectRulesReview",
          "metadata": {
            "annotations": {
              "rolecall.dev/subject": "sa/prueba-rbac:prueba-sa"
            }
          },
          "spec": {
            "namespace": "prueba-rbac"
          },
          "status": {
            "resourceRules": [
              {
                "verbs": [
                  "delete",
                  "get",
                  "list"
                ],
                "apiGroups": [
                  ""
                ],
                "resources": [
                  "pods"
                ]
              }
            ],
            "nonResourceRules": [],
            "incomplete": false
          }
        }
        --- exit 0
        "#
    );
}

#[test]
fn yaml_has_one_document_per_subject() {
    assert_snapshot!(
        rolecall("rules --for 'sa/*' -A -f fixtures/v08-same-name-two-namespaces --defaults none -o yaml"),
        @r#"
        apiVersion: authorization.k8s.io/v1
        kind: SelfSubjectRulesReview
        metadata:
          annotations:
            rolecall.dev/subject: sa/v08-prod:app
        spec:
          namespace: v08-prod
        status:
          resourceRules:
          - verbs:
            - get
            apiGroups:
            - ''
            resources:
            - pods
          nonResourceRules: []
          incomplete: false
        ---
        apiVersion: authorization.k8s.io/v1
        kind: SelfSubjectRulesReview
        metadata:
          annotations:
            rolecall.dev/subject: sa/v08-test:app
        spec:
          namespace: v08-test
        status:
          resourceRules:
          - verbs:
            - '*'
            apiGroups:
            - ''
            resources:
            - pods
          nonResourceRules: []
          incomplete: false
        --- exit 0
        "#
    );
}

#[test]
fn dangling_roles_are_reported_like_a_server() {
    assert_snapshot!(
        rolecall("rules --for sa/app -n v09-app -f fixtures/v09-dangling-role-ref --defaults none -o json"),
        @r#"
        {
          "apiVersion": "authorization.k8s.io/v1",
          "kind": "SelfSubjectRulesReview",
          "metadata": {
            "annotations": {
              "rolecall.dev/subject": "sa/v09-app:app"
            }
          },
          "spec": {
            "namespace": "v09-app"
          },
          "status": {
            "resourceRules": [
              {
                "verbs": [
                  "get"
                ],
                "apiGroups": [
                  ""
                ],
                "resources": [
                  "configmaps"
                ]
              }
            ],
            "nonResourceRules": [],
            "incomplete": false,
            "evaluationError": "[clusterrole.rbac.authorization.k8s.io \"v09-metrics-reader\" not found, role.rbac.authorization.k8s.io \"view\" not found]"
          }
        }
        --- stderr
        warning: ClusterRoleBinding v09-app-metrics (fixtures/v09-dangling-role-ref/manifests.yaml:13): clusterrole.rbac.authorization.k8s.io "v09-metrics-reader" not found
        warning: RoleBinding v09-app/app-view (fixtures/v09-dangling-role-ref/manifests.yaml:27): role.rbac.authorization.k8s.io "view" not found
        --- exit 0
        "#
    );
}

#[test]
fn unread_input_can_add_rules() {
    assert_snapshot!(
        rolecall("rules --for sa/app -n unread-document -f fixtures/unread-document --defaults none --keep-going"),
        @r#"
        RESOURCE OR URL   VERBS
        pods              get
        --- stderr
        warning: fixtures/unread-document/invalid.yaml:7:9: expected `,` or `}`
        warning: more rules might apply; could not read: a document at fixtures/unread-document/invalid.yaml:7: expected `,` or `}`
        --- exit 3
        "#
    );
}

#[test]
fn a_pattern_without_a_match_is_an_error() {
    assert_snapshot!(rolecall("rules --for 'sa/x*' -n ns-1 -f fixtures/ns-1"), @r#"
    --- stderr
    error: no ServiceAccount matches `sa/x*`
    hint: pass `-A` to search all namespaces
    --- exit 2
    "#);
}

/// RoleBindings to ClusterRoles bring rules that they do not grant.
#[test]
fn rules_without_effect_in_a_rolebinding_are_marked() {
    let manifest = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: a}
rules:
- {apiGroups: [''], resources: [pods, nodes], verbs: [list]}
- {nonResourceURLs: [/metrics], verbs: [get]}
- {apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind, escalate]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: a, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: a}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: jane}]
";
    let expected = [
        ("nodes", "no effect: cluster-scoped"),
        ("pods", ""),
        ("clusterroles", "no effect for escalate: cluster-scoped"),
        ("/metrics", "no effect: a RoleBinding grants no URLs"),
    ];
    for place in ["-A", "-n shop"] {
        let ask = format!("rules --for user/jane {place} -f - --defaults none -o csv");
        let ran = rolecall_with(&ask, manifest);
        for (line, (about, note)) in ran.stdout.lines().skip(1).zip(expected) {
            assert_eq!(line.rsplit(',').next(), Some(note), "{place}: {ran}");
            assert!(line.contains(about), "{place}: {ran}");
        }
        assert_eq!(ran.stdout.lines().count(), 5, "{place}: {ran}");
    }
}

/// Returns a rule with billions of combinations, granted to a user.
fn huge_product() -> String {
    let list = |name: &str, count: usize| {
        let names: Vec<String> = (0..count).map(|index| format!("{name}{index}")).collect();
        names.join(", ")
    };
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: huge}}
rules:
- apiGroups: [{}]
  resources: [{}]
  verbs: [{}]
  resourceNames: [{}]
- apiGroups: ['']
  resources: [pods]
  verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: huge}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: huge}}
subjects: [{{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}}]
",
        list("example", 300),
        list("things", 300),
        list("verb", 30),
        list("name", 100),
    )
}

#[test]
fn a_rule_with_a_huge_product_is_not_split() {
    let ran = rolecall_with("rules --for user/jane -n x -f - --defaults none", &huge_product());
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!((ran.exit, lines.len()), (Some(0), 4), "{ran}");
    assert!(ran.stdout.contains("things0 things1 things2 and 297 others in API groups"), "{ran}");
    let ran =
        rolecall_with("rules --for user/jane -n x -f - --defaults none -o json", &huge_product());
    let review: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let rules = review["status"]["resourceRules"].as_array().unwrap();
    let sizes = |key: &str| rules.iter().map(|rule| rule[key].as_array().map_or(0, Vec::len)).max();
    let sizes = ["apiGroups", "resources", "verbs", "resourceNames"].map(sizes);
    assert_eq!((rules.len(), sizes), (2, [Some(300), Some(300), Some(30), Some(100)]));
}
