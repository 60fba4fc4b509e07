//! `fix --from-audit`: Roles for refused and used requests of audit logs.

use insta::assert_snapshot;

use crate::command::rolecall;

const EXAMPLE: &str = "docs/examples/least-privilege";

#[test]
fn a_fix_from_an_audit_log_grants_refused_or_used_requests() {
    let ask = format!("fix --from-audit {EXAMPLE}/audit.log -f {EXAMPLE}/rbac.yaml");
    assert_snapshot!(rolecall(&ask), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:sa:shop:web
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope (refused once)
    - apiGroups: [""]
      resources: ["nodes"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:sa:shop:web
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:sa:shop:web
    subjects:
    - kind: ServiceAccount
      name: web
      namespace: shop
    --- stderr
    note: allows sa/shop:web to list nodes at the cluster scope
    note: no other access is granted
    --- exit 0
    "#);
    assert_snapshot!(rolecall(&format!("{ask} --used --for 'sa/shop:*' --complete")), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:sa:shop:web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # get resource "configmaps" in API group "" in the namespace "shop", name "settings" (used 2 times)
    - apiGroups: [""]
      resources: ["configmaps"]
      resourceNames: ["settings"]
      verbs: ["get"]
    # list resource "pods" in API group "" in the namespace "shop" (used 2 times)
    # watch resource "pods" in API group "" in the namespace "shop" (used once)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list", "watch"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:sa:shop:web
      namespace: shop
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:sa:shop:web
    subjects:
    - kind: ServiceAccount
      name: web
      namespace: shop
    --- stderr
    note: allows sa/shop:web to get configmaps "settings" in namespace shop; list pods in namespace shop; watch pods in namespace shop
    note: no other access is granted
    warning: ServiceAccount `shop/web` does not exist yet
    hint: pass `--create-serviceaccount` to also write the ServiceAccount
    --- exit 0
    "#);
}

/// The log of the tests of audit2rbac (Apache-2.0), for which it grants `pods`, `nodes`, `configmaps` and
/// `secrets` from refusals and uses alike, and every path.
#[test]
fn used_and_refused_requests_are_granted_apart() {
    let ask = "fix --from-audit crates/rolecall-usage/tests/data/audit2rbac-demo.log -q";
    assert_snapshot!(rolecall(&format!("{ask} --used")), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:sa:ns1:sa1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" at the cluster scope (used once)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:sa:ns1:sa1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:sa:ns1:sa1
    subjects:
    - kind: ServiceAccount
      name: sa1
      namespace: ns1
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:bob
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "default" (used 2 times)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:bob
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:bob
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: bob
    --- exit 0
    "#);
    assert_snapshot!(rolecall(&format!("{ask} -f fixtures/ns-1")), @r#"
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:sa:ns1:sa1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope (refused once)
    # list resource "pods" in API group "" at the cluster scope (refused once)
    - apiGroups: [""]
      resources: ["nodes", "pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:sa:ns1:sa1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:sa:ns1:sa1
    subjects:
    - kind: ServiceAccount
      name: sa1
      namespace: ns1
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: rolecall:user:bob
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "nodes" in API group "" at the cluster scope (refused once)
    - apiGroups: [""]
      resources: ["nodes"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: rolecall:user:bob
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: rolecall:user:bob
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: bob
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:bob
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "default" (refused 2 times)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:bob
      namespace: default
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:bob
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: bob
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:alice
      namespace: ns1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "configmaps" in API group "" in the namespace "ns1" (refused once)
    # list resource "pods" in API group "" in the namespace "ns1" (refused once)
    # list resource "secrets" in API group "" in the namespace "ns1" (refused once)
    - apiGroups: [""]
      resources: ["configmaps", "pods", "secrets"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:alice
      namespace: ns1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:alice
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: alice
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: Role
    metadata:
      name: rolecall:user:bob
      namespace: ns1
      labels:
        app.kubernetes.io/managed-by: rolecall
    rules:
    # list resource "pods" in API group "" in the namespace "ns1" (refused once)
    - apiGroups: [""]
      resources: ["pods"]
      verbs: ["list"]
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata:
      name: rolecall:user:bob
      namespace: ns1
      labels:
        app.kubernetes.io/managed-by: rolecall
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: Role
      name: rolecall:user:bob
    subjects:
    - kind: User
      apiGroup: rbac.authorization.k8s.io
      name: bob
    --- exit 0
    "#);
}
