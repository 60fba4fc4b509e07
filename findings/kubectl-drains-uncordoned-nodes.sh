#!/usr/bin/env bash
# kubectl 1.37.1: `drain` evicts the Pods of a node that it was not allowed to cordon, and reports the node as drained.
#
# `cordon` exits 0 when the server refuses to change the node; the refusal is only in the text on standard error. `drain`
# begins with the same step and also goes on: it evicts all Pods and exits 0, while the scheduler can place the
# replacements on the same node. A maintenance script under `set -e` continues in both cases. `taint` and `label` exit
# with 1. A server on loopback answers here as an API server does to a user who can read Nodes and evict Pods.
#
# Observed:
#   - kubectl cordon n1:                      error: unable to cordon node "n1": ... is forbidden, exit 0
#   - kubectl drain n1:                       the same error, pod/web evicted, node/n1 drained, exit 0
#   - kubectl taint node n1 a=b:NoSchedule:   Error from server (Forbidden), exit 1
#   - kubectl label node n1 a=b:              Error from server (Forbidden), exit 1
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

cat >"$work/answers.json" <<'JSON'
{
  "GET /api": [200, {"kind": "APIVersions", "versions": ["v1"]}],
  "GET /apis": [200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [{
    "name": "policy",
    "versions": [{"groupVersion": "policy/v1", "version": "v1"}],
    "preferredVersion": {"groupVersion": "policy/v1", "version": "v1"}
  }]}],
  "GET /apis/policy/v1": [200, {"kind": "APIResourceList", "groupVersion": "policy/v1", "resources": []}],
  "GET /api/v1": [200, {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
    {"name": "nodes", "singularName": "node", "namespaced": false, "kind": "Node", "verbs": ["get", "patch"]},
    {"name": "pods", "singularName": "pod", "namespaced": true, "kind": "Pod", "verbs": ["get", "list"]},
    {
      "name": "pods/eviction", "singularName": "", "namespaced": true, "group": "policy", "version": "v1",
      "kind": "Eviction", "verbs": ["create"]
    }
  ]}],
  "GET /api/v1/nodes/n1": [200, {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}}],
  "PATCH /api/v1/nodes/n1": [403, {
    "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
    "message": "nodes \"n1\" is forbidden: User \"jane\" cannot patch resource \"nodes\" in API group \"\""
  }],
  "GET /api/v1/pods": [200, {"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": [{
    "metadata": {
      "name": "web", "namespace": "shop", "uid": "1",
      "ownerReferences": [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "2", "controller": true}
      ]
    },
    "spec": {"nodeName": "n1"},
    "status": {"phase": "Running"}
  }]}],
  "POST /api/v1/namespaces/shop/pods/web/eviction": [201, {
    "kind": "Status", "apiVersion": "v1", "status": "Success"
  }]
}
JSON
serve_api "$work/answers.json"

try() {
  local code=0
  kubectl --server "$api" "$@" >"$work/output" 2>"$work/error" || code=$?
  grep -c "forbidden" "$work/error" | sed "s/^/refusals: /; s/\$/, exit $code/"
}

expect "cordon succeeds although it is refused" "refusals: 1, exit 0" "$(try cordon n1)"
expect "drain goes on without cordoning" 'refusals: 1, exit 0
pod/web evicted
node/n1 drained' "$(try drain n1 --timeout=60s; grep -v evicting "$work/output")"
expect "taint fails" "refusals: 1, exit 1" "$(try taint node n1 a=b:NoSchedule)"
expect "label fails" "refusals: 1, exit 1" "$(try label node n1 a=b)"
