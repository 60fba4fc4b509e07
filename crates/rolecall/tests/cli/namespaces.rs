//! The namespace of questions about manifests: the given one, the subject's, or the only one.

use insta::assert_snapshot;

use crate::command::{rolecall, rolecall_with};

/// The RBAC of a namespace, with a rule that matches nothing and a dangling binding.
fn of_namespace(namespace: &str, account: &str) -> String {
    format!(
        "\
apiVersion: v1
kind: ServiceAccount
metadata: {{name: {account}, namespace: {namespace}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: {account}, namespace: {namespace}}}
rules:
- {{apiGroups: [''], resources: [pods, endpointslices], verbs: [get, list]}}
- {{apiGroups: [app], resources: [deployments], verbs: [get]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: {account}, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: {account}}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: {namespace}}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: ghost, namespace: {namespace}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: missing}}
subjects: [{{kind: ServiceAccount, name: {account}, namespace: {namespace}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: runner, namespace: {namespace}}}
spec: {{serviceAccountName: {account}, containers: [{{name: main, image: busybox}}]}}
---
"
    )
}

#[test]
fn the_only_namespace_of_the_input_is_assumed_by_every_command() {
    let one = of_namespace("ci", "deployer");
    let note = "note: no `-n` given: assuming namespace `ci`, the only one in the input\n";
    for (command, answer) in [
        ("can-i list pods --for sa/deployer", "yes: sa/ci:deployer can list pods in namespace ci"),
        ("can-i get,list pods --for sa/deployer", "pods"),
        ("why list pods --for sa/deployer", "yes: sa/ci:deployer can list pods in namespace ci"),
        ("why list pods --for pod/runner", "yes: sa/ci:deployer (Pod ci/runner)"),
        ("rules --for sa/deployer", "get list"),
        ("who-can list pods", "sa/ci:deployer   ci"),
        ("fix delete pods --for sa/deployer", "namespace: ci"),
    ] {
        let ran = rolecall_with(&format!("{command} -f -"), &one);
        assert!(ran.stdout.contains(answer), "{command}: {ran}");
        assert_eq!(ran.stderr.matches(note).count(), 1, "{command}: {ran}");
        let named = rolecall_with(&format!("{command} -n ci -f -"), &one);
        assert_eq!((&named.stdout, named.exit), (&ran.stdout, ran.exit), "{command}");
        assert!(!named.stderr.contains("assuming"), "{command}: {named}");
    }
}

#[test]
fn the_namespace_of_the_subject_is_preferred() {
    let two = of_namespace("ci", "deployer") + &of_namespace("shop", "web");
    assert_snapshot!(rolecall_with("can-i list pods --for sa/web -f -", &two), @r#"
    yes: sa/shop:web can list pods in namespace shop
      by RoleBinding shop/web (<stdin>:40), Role shop/web, rules[0]: get,list pods,endpointslices
      RoleBinding shop/ghost (<stdin>:46): role.rbac.authorization.k8s.io "missing" not found
    --- stderr
    note: no `-n` given: assuming namespace `shop` of `sa/web`
    --- exit 0
    "#);
    // A Pod that exists in both namespaces is ambiguous.
    assert_snapshot!(rolecall_with("can-i list pods --for sa/robot -f -", &two), @r#"
    no: User "system:serviceaccount:default:robot" cannot list resource "pods" in API group "" in the namespace "default"
      roles that would allow it are not bound to sa/default:robot: ClusterRole view (default), ClusterRole edit (default), ClusterRole admin (default)
    --- stderr
    note: no `-n` given: assuming namespace `default`; the input has namespaces `ci` and `shop`
    hint: pass `-n NAMESPACE` to use another namespace
    warning: there is no ServiceAccount `robot` in namespace `default`
    hint: run `rolecall why list pods --for sa/robot -f -` to see what would change the answer
    --- exit 1
    "#);
    let twins = of_namespace("ci", "deployer") + &of_namespace("shop", "deployer");
    assert_snapshot!(rolecall_with("rules --for sa/deployer -f -", &twins), @r#"
    only the 18 default rules of every user (--show-system lists them)
    --- stderr
    note: no `-n` given: assuming namespace `default`; the input has namespaces `ci` and `shop`
    hint: pass `-n NAMESPACE` to use another namespace
    warning: there is no ServiceAccount `deployer` in namespace `default`; did you mean `sa/ci:deployer` or `sa/shop:deployer`?
    --- exit 0
    "#);
}

#[test]
fn cluster_scoped_questions_have_no_namespace() {
    let ran =
        rolecall_with("can-i list nodes --for user/jane -f -", &of_namespace("ci", "deployer"));
    assert_eq!(ran.stdout.lines().count(), 2, "{ran}");
    assert!(!ran.stderr.contains("assuming"), "{ran}");
}

#[test]
fn a_namespace_that_the_input_does_not_have_is_reported() {
    let two = of_namespace("ci", "deployer") + &of_namespace("shop", "web");
    assert_snapshot!(rolecall_with("who-can list pods -n shpo -f -", &two), @r#"
    and 25 built-in subjects, including system:masters (--show-system lists them)
    --- stderr
    note: the input has no roles, bindings or ServiceAccounts in namespace `shpo`
    hint: use `-n shop` instead of `-n shpo`
    note: nodes can, too, for their own Pods: the Node authorizer decides for group system:nodes
    --- exit 0
    "#);
    // Every cluster has this namespace.
    let ran = rolecall_with("who-can list pods -n default -f -", &two);
    assert!(!ran.stderr.contains("the input has no"), "{ran}");
}

#[test]
fn rules_that_no_request_matches_are_marked() {
    let one = of_namespace("ci", "deployer");
    assert_snapshot!(rolecall_with("rules --for sa/deployer -n ci -f -", &one), @r#"
    RESOURCE OR URL   VERBS      NOTE
    endpointslices    get list   no effect: `endpointslices` is not in the core API group `""`; use the API group `discovery.k8s.io`
    pods              get list
    deployments.app   get        no effect: `app` is not an API group; use `apps`
    3 rules, 1 subject, 1 namespace
    and the 18 default rules of every user (--show-system lists them)
    --- stderr
    warning: RoleBinding ci/ghost (<stdin>:18): role.rbac.authorization.k8s.io "missing" not found
    --- exit 0
    "#);
    // Access that Kubernetes gives to every user belongs to the group.
    let of_group = rolecall("rules --for group/system:authenticated -f fixtures/ns-1 -n ns-1");
    assert!(of_group.stdout.contains("/version "), "{of_group}");
    let all = rolecall_with("rules --for sa/deployer -n ci --show-system -f -", &one);
    assert!(all.stdout.contains("/version ") && !all.stdout.contains("and the"), "{all}");
    let csv = rolecall_with("rules --for sa/deployer -n ci -o csv -f -", &one);
    let head = "subject,namespace,resource or url,name,verbs,through,note\n";
    assert!(csv.stdout.starts_with(head) && csv.stdout.contains("/version,"), "{csv}");
}

#[test]
fn a_dangling_binding_is_reported_once() {
    let one = of_namespace("ci", "deployer");
    for question in ["delete pods", "list widgets.example.com", "list pods"] {
        let ran = rolecall_with(&format!("why {question} --for sa/deployer -n ci -f -"), &one);
        assert_eq!(ran.stdout.matches("ci/ghost").count(), 1, "{ran}");
    }
}

#[test]
fn who_can_lists_the_workloads_of_a_service_account() {
    let ran = rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 -o wide");
    assert!(ran.stdout.contains("Deployment lister"), "{ran}");
    let json = rolecall("who-can list pods -n ns-1 -f fixtures/ns-1 -o json");
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let holders = json["holders"].as_array().unwrap();
    let lister = holders.iter().find(|holder| holder["subject"]["name"] == "k-sa-1").unwrap();
    assert_eq!(
        lister["workloads"],
        serde_json::json!([{"kind": "Deployment", "namespace": "ns-1", "name": "lister"}])
    );
}

#[test]
fn a_namespace_without_workloads_is_reported() {
    let empty = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    assert_snapshot!(rolecall_with("walk ns/shop -f -", empty), @r#"
    --- stderr
    note: no Pods or workloads found in namespace `shop`
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("walk -f -", empty), @r#"
    --- stderr
    note: no Pods or workloads found in the input
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("walk -n shop -f -", empty), @r#"
    --- stderr
    note: no Pods or workloads found in namespace `shop`
    --- exit 0
    "#);
    assert_snapshot!(rolecall_with("walk 'ns/x*' -f -", empty), @r#"
    --- stderr
    error: nothing matches `ns/x*`
    --- exit 2
    "#);
}
