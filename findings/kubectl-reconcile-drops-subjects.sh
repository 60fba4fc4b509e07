#!/usr/bin/env bash
# kubectl 1.37.1: `kubectl auth reconcile` removes the other subjects of a binding if the roleRef changes, although it was
# not called with --remove-extra-subjects.
#
# Without this option, `auth reconcile` keeps the subjects that the file does not contain, and adds those of the file. A
# roleRef cannot be changed, so kubectl deletes the binding and creates it as in the file. Nothing lists the subjects
# that lose their access: the output only says `reconciliation required recreate`. The binding is deleted before kubectl
# knows whether the server accepts the new one.
#
# Observed, for a RoleBinding of `view` with the subjects ann and bob, and a file with the subject jane:
#   the file binds view: ann bob jane
#   the file binds edit: jane
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

binding() {
  printf '{"kind": "RoleBinding", "apiVersion": "rbac.authorization.k8s.io/v1",
    "metadata": {"name": "team", "namespace": "shop"%s},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "%s"},
    "subjects": [%s]}' "$1" "$2" "$3"
}
user() {
  printf '{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "%s"}' "$1"
}

cat >"$work/answers.json" <<JSON
{
  "GET /api": [200, {"kind": "APIVersions", "versions": ["v1"]}],
  "GET /apis": [200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [{
    "name": "rbac.authorization.k8s.io",
    "versions": [{"groupVersion": "rbac.authorization.k8s.io/v1", "version": "v1"}],
    "preferredVersion": {"groupVersion": "rbac.authorization.k8s.io/v1", "version": "v1"}
  }]}],
  "GET /api/v1": [200, {"kind": "APIResourceList", "groupVersion": "v1", "resources": []}],
  "GET /apis/rbac.authorization.k8s.io/v1": [200, {
    "kind": "APIResourceList", "groupVersion": "rbac.authorization.k8s.io/v1", "resources": [{
      "name": "rolebindings", "singularName": "rolebinding", "namespaced": true, "kind": "RoleBinding",
      "verbs": ["create", "delete", "get", "update"]
    }]
  }],
  "GET /apis/rbac.authorization.k8s.io/v1/namespaces/shop/rolebindings/team": [
    200, $(binding ', "uid": "1", "resourceVersion": "1"' view "$(user ann), $(user bob)")
  ]
}
JSON
serve_api "$work/answers.json"

subjects() {
  binding '' "$1" "$(user jane)" >"$work/binding.json"
  kubectl --server "$api" auth reconcile -f "$work/binding.json" --dry-run=client -o json 2>/dev/null |
    python3 -c 'import json, sys; print(*(it["name"] for it in json.load(sys.stdin)["subjects"]))'
}
expect "subjects survive only if the roleRef stays the same" \
  'the file binds view: ann bob jane
the file binds edit: jane' \
  "the file binds view: $(subjects view)
the file binds edit: $(subjects edit)"
