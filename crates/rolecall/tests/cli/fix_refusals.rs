//! `fix` for refusals in errors and logs.

use insta::assert_snapshot;

use crate::command::rolecall_with;

/// A refusal for the fixture's ServiceAccount, as printed by kubectl.
const REFUSED: &str = "Error from server (Forbidden): pods is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"pods\" in API group \"\" in the namespace \"default\"\n";

#[test]
fn refusals_in_any_text_are_fixed_and_others_distinguished() {
    let errors = format!(
        "{REFUSED}{REFUSED}nodes is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"nodes\" in API group \"\" at the cluster scope\n\
         pods \"x\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1\n\
         pods is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"po\n"
    );
    assert_snapshot!(rolecall_with("fix --from-errors - -f fixtures/ns-1", &errors), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope (stdin:3)
    - apiGroups: [""]
      resources: ["nodes"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:sa:ns-1:k-sa-1
    subjects:
    - kind: ServiceAccount
      name: k-sa-1
      namespace: ns-1
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "default" (stdin:1, 2 times)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:ns-1:k-sa-1
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:ns-1:k-sa-1
    subjects:
    - kind: ServiceAccount
      name: k-sa-1
      namespace: ns-1
    --- stderr
    note: allows sa/ns-1:k-sa-1 to list nodes at the cluster scope; list pods in namespace default
    note: no other access is granted
    warning: stdin:4: pods "x" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1: a ResourceQuota refused this, not RBAC: request less, delete unused objects, or ask for a higher quota
    warning: stdin:5: pods is forbidden: User "system:serviceaccount:ns-1:k-sa-1" cannot list resource "po: the refusal is cut off: pass the whole message
    --- exit 0
    "#);
}

#[test]
fn escalation_refusals_name_the_missing_rules() {
    let errors = "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"bob\" (groups=[\"dev\"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[\"\"], Resources:[\"secrets\"], Verbs:[\"get\" \"list\"]}\n";
    assert_snapshot!(rolecall_with("fix --from-errors - -f fixtures/ns-1", errors), @r#"
    --- stderr
    error: stdin:1: bob writes roles.rbac.authorization.k8s.io "r": the author of a role or binding must have all rules that it grants; `bob` does not have the rules below; ask a user who has them, such as a cluster-admin, to apply it
    note: missing: get,list secrets
    hint: run `rolecall fix get,list secrets --for user/bob -n NAMESPACE -f fixtures/ns-1` to grant user/bob these rules, so that it can grant them (with the namespace of the role as NAMESPACE)
    --- exit 1
    "#);
}

#[test]
fn missing_rules_with_wildcards_are_offered_before_escalate() {
    let refusal = |rules: &str| {
        let errors = format!(
            "roles.rbac.authorization.k8s.io \"r\" is forbidden: user \"bob\" (groups=[\"dev\"]) is attempting to grant RBAC permissions not currently held:\n{rules}\n"
        );
        let ran = rolecall_with("why --from-errors - -n ns-1 -f fixtures/ns-1", &errors);
        let hints = ran.stderr.lines().filter_map(|line| line.strip_prefix("hint: "));
        let mut hints: Vec<String> = hints.map(str::to_owned).collect();
        let last = hints.pop().unwrap_or_default();
        assert!(last.starts_with("run `rolecall fix escalate roles --name r "), "{ran}");
        hints.join("\n")
    };
    assert_snapshot!(
        refusal(
            "{APIGroups:[\"\"], Resources:[\"pods\"], ResourceNames:[\"a\"], Verbs:[\"delete\"]}\n\
             {APIGroups:[\"apps\"], Resources:[\"deployments/scale\"], Verbs:[\"*\"]}"
        ),
        @r#"
        run `rolecall fix '*' deployments.apps/scale --for user/bob --allow-risky -n ns-1 -f fixtures/ns-1` to grant user/bob these rules, so that it can grant them
        run `rolecall fix delete pods --name a --for user/bob -n ns-1 -f fixtures/ns-1` to grant user/bob these rules, so that it can grant them
        "#
    );
    // `*` on the command line means the resources of all API groups.
    assert_snapshot!(
        refusal("{APIGroups:[\"\"], Resources:[\"*\"], Verbs:[\"get\"]}"),
        @r#"bind a role with the missing rules to user/bob"#
    );
}

#[test]
fn refusals_that_no_role_fixes_print_nothing() {
    let quota = "pods \"x\" is forbidden: exceeded quota: q, requested: pods=1\n";
    let ran = rolecall_with("fix --from-errors - -f fixtures/ns-1", quota);
    assert_eq!((ran.exit, &*ran.stdout), (Some(1), ""));
    let denied = r#"{"spec":{"user":"jane","resourceAttributes":{"verb":"list","resource":"pods","namespace":"a"}},"status":{"allowed":false,"denied":true,"reason":"not on Sundays"}}"#;
    assert_snapshot!(rolecall_with("fix --reviews - -f fixtures/ns-1", denied), @r#"
    --- stderr
    error: stdin:1: jane cannot list resource "pods" in API group "" in the namespace "a": an authorizer denies it explicitly, which no Role can overrule: not on Sundays
    --- exit 1
    "#);
}

#[test]
fn a_refusal_of_an_allowed_request_is_from_another_authorizer() {
    let errors = "pods is forbidden: User \"system:serviceaccount:ns-1:k-sa-1\" cannot list resource \"pods\" in API group \"\" in the namespace \"ns-1\": denied by policy 7\n";
    assert_snapshot!(rolecall_with("fix --from-errors - -f fixtures/ns-1", errors), @r#"
    --- stderr
    error: sa/ns-1:k-sa-1 can already list pods in namespace ns-1; another authorizer denies it, which no Role can overrule: denied by policy 7
    --- exit 1
    "#);
}

#[test]
fn a_reason_of_another_authorizer_is_reported() {
    let rows = [
        (REFUSED.replace("\"default\"\n", "\"default\": denied by OPA\n"), Some("`denied by OPA`")),
        (REFUSED.replace("\"default\"\n", "\"default\": RBAC: role \"x\" not found\n"), None),
        (REFUSED.to_owned(), None),
    ];
    for (text, reason) in rows {
        let ran = rolecall_with("fix --from-errors - -f fixtures/ns-1", &text);
        assert_eq!(ran.exit, Some(0), "{ran}");
        let warned = ran.stderr.contains("another authorizer gave the reason");
        assert_eq!(warned, reason.is_some(), "{ran}");
        assert!(ran.stderr.contains(reason.unwrap_or_default()), "{ran}");
    }
}
