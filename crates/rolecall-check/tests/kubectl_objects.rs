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

#[test]
fn a_creator_of_a_role_needs_its_rules() {
    assert_snapshot!(table(&[
        "kubectl create role r --verb=get,list --resource=pods,deployments.apps/scale",
        "kubectl create role r --verb=get --resource=secrets --resource-name=tls -n kitchen",
        "kubectl create clusterrole r --verb=get --resource=nodes --verb=list",
        "kubectl create clusterrole r --verb=get --non-resource-url=/metrics",
        "kubectl create role r --verb=get --resource=pods --dry-run=client -o yaml",
    ]), @r#"
    kubectl create role r --verb=get,list --resource=pods,deployments.apps/scale
        create resource "roles" in API group "rbac.authorization.k8s.io"; get resource "pods"; get resource "deployments/scale" in API group "apps"; list resource "pods"; list resource "deployments/scale" in API group "apps"
    kubectl create role r --verb=get --resource=secrets --resource-name=tls -n kitchen
        create resource "roles" in API group "rbac.authorization.k8s.io" in the namespace "kitchen"; get resource "secrets" in the namespace "kitchen"
    kubectl create clusterrole r --verb=get --resource=nodes --verb=list
        create resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope; get resource "nodes" at the cluster scope; list resource "nodes" at the cluster scope
    kubectl create clusterrole r --verb=get --non-resource-url=/metrics
        create resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope; get path "/metrics"
    kubectl create role r --verb=get --resource=pods --dry-run=client -o yaml
        -
    "#);
}

#[test]
fn objects_in_scripts_are_requested() {
    assert_snapshot!(table(&[
        "kubectl create configmap c --from-file=a --dry-run=client -o yaml | kubectl apply -f -",
        "kubectl create secret generic c --from-file=a --dry-run=client -o yaml |\n  kubectl apply -n kitchen -f -",
        "kubectl create ns c --dry-run=client -o yaml | kubectl label --local -f - a=b -o yaml | kubectl apply -f -",
        "kubectl run web --image=x --dry-run=client -n kitchen -o json | kubectl create -f -",
        "cat <<EOF | kubectl apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  labels:\n    name: d\nEOF\nkubectl get nodes",
        "kubectl apply -f - <<'EOF'\nkind: Deployment\napiVersion: apps/v1\nmetadata: {name: web, namespace: kitchen}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: \"web\"\n  namespace: kitchen # there\nEOF",
        "kubectl apply --server-side -f - <<EOF\napiVersion: v1\nkind: Secret\nmetadata:\n  name: $NAME\n  namespace: $WHERE\nEOF",
        "kubectl replace -f - <<EOF\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nEOF",
        "kubectl delete -f - <<EOF\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nEOF",
        "kubectl apply -f - <<EOF\napiVersion: example.com/v1\nkind: Widget\nmetadata: {name: s}\nEOF",
        "helm template . | kubectl apply -f -",
        "sed s/a/b/ x.yaml | kubectl apply -f -",
        "kubectl create configmap c --from-file=a -o yaml | kubectl apply -f -",
        "kubectl get secret tls -n kitchen -o yaml | kubectl replace -f -",
        "kubectl get secret tls -n kitchen -o yaml | sed s/kitchen/cellar/ | kubectl apply -n cellar -f -",
        "kubectl get cm -o json | jq . | kubectl create -f -",
        "kubectl get secret tls -o name | kubectl create -f -",
    ]), @r#"
    kubectl create configmap c --from-file=a --dry-run=client -o yaml | kubectl apply -f -
        get resource "configmaps"; create resource "configmaps"; patch resource "configmaps"
    kubectl create secret generic c --from-file=a --dry-run=client -o yaml |
      kubectl apply -n kitchen -f -
        get resource "secrets" in the namespace "kitchen"; create resource "secrets" in the namespace "kitchen"; patch resource "secrets" in the namespace "kitchen"
    kubectl create ns c --dry-run=client -o yaml | kubectl label --local -f - a=b -o yaml | kubectl apply -f -
        get resource "namespaces" in the namespace "c"; create resource "namespaces" at the cluster scope; patch resource "namespaces" in the namespace "c"
    kubectl run web --image=x --dry-run=client -n kitchen -o json | kubectl create -f -
        create resource "pods" in the namespace "kitchen"
    cat <<EOF | kubectl apply -f -
    apiVersion: v1
    kind: ConfigMap
    metadata:
      name: c
      labels:
        name: d
    EOF
    kubectl get nodes
        get resource "configmaps"; create resource "configmaps"; patch resource "configmaps"; list resource "nodes" at the cluster scope
    kubectl apply -f - <<'EOF'
    kind: Deployment
    apiVersion: apps/v1
    metadata: {name: web, namespace: kitchen}
    ---
    apiVersion: v1
    kind: Service
    metadata:
      name: "web"
      namespace: kitchen # there
    EOF
        get resource "deployments" in API group "apps" in the namespace "kitchen"; create resource "deployments" in API group "apps" in the namespace "kitchen"; patch resource "deployments" in API group "apps" in the namespace "kitchen"; get resource "services" in the namespace "kitchen"; create resource "services" in the namespace "kitchen"; patch resource "services" in the namespace "kitchen"
    kubectl apply --server-side -f - <<EOF
    apiVersion: v1
    kind: Secret
    metadata:
      name: $NAME
      namespace: $WHERE
    EOF
        create resource "secrets" in any namespace; patch resource "secrets" in any namespace
    kubectl replace -f - <<EOF
    apiVersion: v1
    kind: Secret
    metadata: {name: s}
    EOF
        get resource "secrets"; update resource "secrets"
    kubectl delete -f - <<EOF
    apiVersion: v1
    kind: Secret
    metadata: {name: s}
    EOF
        delete resource "secrets"
    kubectl apply -f - <<EOF
    apiVersion: example.com/v1
    kind: Widget
    metadata: {name: s}
    EOF
        -
    helm template . | kubectl apply -f -
        -
    sed s/a/b/ x.yaml | kubectl apply -f -
        -
    kubectl create configmap c --from-file=a -o yaml | kubectl apply -f -
        create resource "configmaps"
    kubectl get secret tls -n kitchen -o yaml | kubectl replace -f -
        get resource "secrets" in the namespace "kitchen"; get resource "secrets" in the namespace "kitchen"; update resource "secrets" in the namespace "kitchen"
    kubectl get secret tls -n kitchen -o yaml | sed s/kitchen/cellar/ | kubectl apply -n cellar -f -
        get resource "secrets" in the namespace "cellar"; create resource "secrets" in the namespace "cellar"; patch resource "secrets" in the namespace "cellar"; get resource "secrets" in the namespace "kitchen"
    kubectl get cm -o json | jq . | kubectl create -f -
        create resource "configmaps" in any namespace; list resource "configmaps"
    kubectl get secret tls -o name | kubectl create -f -
        get resource "secrets"
    "#);
}
