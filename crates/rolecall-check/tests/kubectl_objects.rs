//! The requests of kubectl for objects in command lines and here-documents.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod running;
#[allow(dead_code, unreachable_pub, reason = "each test binary uses a part")]
mod support;

use insta::assert_snapshot;
use running::table;

#[test]
fn creating_a_binding_takes_the_right_to_bind_its_role() {
    assert_snapshot!(table(&[
        "kubectl create rolebinding web --clusterrole=view --serviceaccount=shop:web",
        "kubectl create rolebinding web --role reader --user jane -n kitchen",
        "kubectl create clusterrolebinding web --clusterrole edit --group dev",
        "kubectl create rolebinding web --clusterrole=$ROLE --user jane",
    ]), @r#"
    kubectl create rolebinding web --clusterrole=view --serviceaccount=shop:web
        create resource "rolebindings" in API group "rbac.authorization.k8s.io"; bind resource "clusterroles" in API group "rbac.authorization.k8s.io"
    kubectl create rolebinding web --role reader --user jane -n kitchen
        create resource "rolebindings" in API group "rbac.authorization.k8s.io" in the namespace "kitchen"
    kubectl create clusterrolebinding web --clusterrole edit --group dev
        create resource "clusterrolebindings" in API group "rbac.authorization.k8s.io" at the cluster scope; bind resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope
    kubectl create rolebinding web --clusterrole=$ROLE --user jane
        create resource "rolebindings" in API group "rbac.authorization.k8s.io"
    "#);
}

#[test]
fn here_documents_are_json_too() {
    assert_snapshot!(table(&[
        "kubectl apply -f - <<EOF\n{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"a\"}}\nEOF",
        "kubectl create -f - <<EOF\n{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"$NAME\",\"namespace\":\"kitchen\"}}]}\nEOF",
        "kubectl delete -f - <<EOF\n{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"a\"}}\n{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\"}}\nEOF",
        "kubectl apply -f - <<EOF\n{\"apiVersion\": \"v1\", \"kind\": $KIND}\nEOF",
    ]), @r#"
    kubectl apply -f - <<EOF
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    EOF
        get resource "configmaps"; create resource "configmaps"; patch resource "configmaps"
    kubectl create -f - <<EOF
    {"apiVersion":"v1","kind":"List","items":[{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"$NAME","namespace":"kitchen"}}]}
    EOF
        create resource "deployments" in API group "apps" in the namespace "kitchen"
    kubectl delete -f - <<EOF
    {"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"}}
    EOF
        delete resource "secrets"; delete resource "pods"
    kubectl apply -f - <<EOF
    {"apiVersion": "v1", "kind": $KIND}
    EOF
        -
    "#);
}
