#!/usr/bin/env bash
# kubectl 1.37.1: a file that is not JSON, because of a comma before `]`, is read all the same, as YAML.
#
# kubectl decides by the first character that a file holds JSON. If it does not parse, kubectl tries YAML
# without a message, and YAML allows the comma. Other readers of the same file, such as Python's json module
# and `jq`, refuse it, so a manifest can pass `kubectl apply` and fail every check in CI.
#
# Observed:
#   kubectl: ["get","list"]
#   python: JSONDecodeError
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

cat >"$work/role.json" <<'JSON'
{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "reader"},
 "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list",]}]}
JSON

# `kubectl label --local` reads and prints an object without a server.
read_by_kubectl="$(kubectl label --local --filename "$work/role.json" recorded=yes --output json |
  python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["rules"][0]["verbs"], separators=(",", ":")))')"
read_by_python="$(python3 -c 'import json, sys
try:
    print(json.load(open(sys.argv[1]))["rules"][0]["verbs"])
except json.JSONDecodeError:
    print("JSONDecodeError")' "$work/role.json")"
expect "kubectl reads it, a JSON parser does not" \
  'kubectl: ["get","list"]
python: JSONDecodeError' \
  "kubectl: $read_by_kubectl
python: $read_by_python"
