#!/usr/bin/env bash
# kubectl 1.37.1 (Kustomize 5.8.1): `verbs: [get, no]` is a string with -k and `false` with -f.
#
# `kubectl kustomize` prints the verb as the string "no", which the API server stores. With `-f`, the same
# kubectl reads the boolean `false` from the same file, which the API server rejects. So the flag determines
# whether such a rule is applied.
#
# Observed:
#   kustomize: ["get","no"]
#   -f: ["get",false]
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
resources: [role.yaml]
YAML
cat >"$work/build/role.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [""], resources: [pods], verbs: [get, no]}]
YAML

# `kubectl label --local` reads and prints an object without a server.
verbs() {
  kubectl label --local --filename "$1" recorded=yes --output json |
    python3 -c 'import json, sys; print(json.dumps(json.load(sys.stdin)["rules"][0]["verbs"], separators=(",", ":")))'
}

kubectl kustomize "$work/build" >"$work/built.yaml"
expect "-k makes it a string, -f a boolean" \
  'kustomize: ["get","no"]
-f: ["get",false]' \
  "kustomize: $(verbs "$work/built.yaml")
-f: $(verbs "$work/build/role.yaml")"
