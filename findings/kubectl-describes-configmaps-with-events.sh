#!/usr/bin/env bash
# kubectl 1.37.1: `describe configmap` fails without the right to list events; `describe secret` and others do not.
#
# A role with `get configmaps` is enough for `kubectl get`, and the same right is enough to describe a Secret or a
# ServiceAccount, for which kubectl leaves the events out if it may not list them. For a ConfigMap it prints nothing.
# A server on loopback answers here as an API server does to a user who can only get ConfigMaps, Secrets and
# ServiceAccounts.
#
# Observed:
#   - kubectl describe secret one:          prints the Secret, exit 0 (never asks for events)
#   - kubectl describe serviceaccount one:  prints the ServiceAccount, exit 0 (asks, and goes on without)
#   - kubectl describe configmap one:       Error from server (Forbidden), exit 1
#   - with --show-events=false:             prints the ConfigMap, exit 0
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

cat >"$work/answers.json" <<'JSON'
{
  "GET /api": [200, {"kind": "APIVersions", "versions": ["v1"]}],
  "GET /apis": [200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}],
  "GET /api/v1": [200, {"kind": "APIResourceList", "groupVersion": "v1", "resources": [
    {"name": "configmaps", "singularName": "configmap", "namespaced": true, "kind": "ConfigMap", "verbs": ["get", "list"]},
    {"name": "events", "singularName": "event", "namespaced": true, "kind": "Event", "verbs": ["get", "list"]},
    {"name": "secrets", "singularName": "secret", "namespaced": true, "kind": "Secret", "verbs": ["get", "list"]},
    {"name": "serviceaccounts", "singularName": "serviceaccount", "namespaced": true, "kind": "ServiceAccount", "verbs": ["get", "list"]}
  ]}],
  "GET /api/v1/namespaces/default/configmaps/one": [200, {
    "kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "one", "namespace": "default"}
  }],
  "GET /api/v1/namespaces/default/secrets/one": [200, {
    "kind": "Secret", "apiVersion": "v1", "metadata": {"name": "one", "namespace": "default"}
  }],
  "GET /api/v1/namespaces/default/serviceaccounts/one": [200, {
    "kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "one", "namespace": "default"}
  }],
  "GET /api/v1/namespaces/default/events": [403, {
    "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden", "code": 403,
    "message": "events is forbidden: User \"jane\" cannot list resource \"events\" in API group \"\""
  }]
}
JSON
serve_api "$work/answers.json"

describe() {
  local code=0
  kubectl --server "$api" --namespace default describe "$@" >"$work/out" 2>/dev/null || code=$?
  echo "$(grep -c '^Name: *one' "$work/out" || true) described, exit $code"
}

expect "a Secret is described" "1 described, exit 0" "$(describe secret one)"
expect "a ServiceAccount is described" "1 described, exit 0" "$(describe serviceaccount one)"
expect "a ConfigMap is not" "0 described, exit 1" "$(describe configmap one)"
expect "without events it is" "1 described, exit 0" "$(describe configmap one --show-events=false)"
