//! Access at the cluster scope and in namespaces.

use super::*;

#[test]
fn a_role_binding_grants_no_cluster_scoped_access_except_its_namespace() {
    let old = "";
    let new = "ClusterRole a: get,list,update nodes,namespaces,pods,nodes/status; get,bind clusterroles.rbac.authorization.k8s.io
        ClusterRole b: get nodes
        ClusterRole c: get widgets.example.com
        ClusterRole d: impersonate serviceaccounts,users; impersonate uids,userextras/scopes.authentication.k8s.io
        one: a -> sa/blue:app in blue
        five: d -> sa/blue:other in blue
        two: b -> sa/blue:idle in blue
        three: c -> sa/blue:custom in blue
        four: a -> sa/blue:wide";
    assert_snapshot!(differences(old, new), @r#"
    + sa/blue:app: get, update | "" | namespaces in blue named blue
        RoleBinding blue/one rule 0
    + sa/blue:app: get, list, update | "" | pods in blue
        RoleBinding blue/one rule 0
    + sa/blue:app: bind | rbac.authorization.k8s.io | clusterroles in blue
        RoleBinding blue/one rule 1
    + sa/blue:custom: get | example.com | widgets in blue
        RoleBinding blue/three rule 0
    + sa/blue:other: impersonate | "" | serviceaccounts in blue
        RoleBinding blue/five rule 0
    + sa/blue:wide: get, list, update | "" | namespaces, nodes, nodes/status, pods in *
        ClusterRoleBinding /four rule 0
    + sa/blue:wide: bind, get | rbac.authorization.k8s.io | clusterroles in *
        ClusterRoleBinding /four rule 1
    "#);
}

#[test]
fn cluster_scoped_kinds_are_gained_with_a_cluster_role_binding() {
    let old = "ClusterRole a: get nodes,pods
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: get nodes,pods
        one: a -> sa/blue:app";
    assert_snapshot!(differences(old, new), @r#"
    + sa/blue:app: get | "" | nodes in *
        ClusterRoleBinding /one rule 0
    + sa/blue:app: get | "" | pods in * except blue
        ClusterRoleBinding /one rule 0
    "#);
}

#[test]
fn access_that_remains_in_a_namespace_is_an_exception() {
    let old = "ClusterRole a: get secrets,namespaces
        one: a -> sa/blue:app in blue";
    let new = "ClusterRole a: * *.*
        one: a -> sa/blue:app in blue";
    assert_snapshot!(differences(old, new), @r#"
    + sa/blue:app: * except get | "" | namespaces in blue named blue
        RoleBinding blue/one rule 0
    + sa/blue:app: * except get | "" | secrets in blue
        RoleBinding blue/one rule 0
    + sa/blue:app: * | "" | * except namespaces, secrets in blue
        RoleBinding blue/one rule 0
    + sa/blue:app: * | * except "" | * in blue
        RoleBinding blue/one rule 0
    "#);
}
