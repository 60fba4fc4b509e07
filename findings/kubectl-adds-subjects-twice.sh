#!/usr/bin/env bash
# kubectl 1.37.1: `kubectl set subject` adds a subject of a manifest again if the manifest leaves out its defaults.
#
# An API server completes the `apiGroup` of a User, and a ServiceAccount without a namespace is one of the
# RoleBinding's namespace. `set subject` compares subjects as they are written, so it misses those without these fields
# and appends the same user and the same ServiceAccount. It does not repeat subjects with all fields.
#
# Observed:
#   short manifest: User/joe User/jane User/jane ServiceAccount/web ServiceAccount/web
#   full manifest: User/joe User/jane ServiceAccount/web
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

binding() {
  cat <<YAML
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: User, name: jane$1}
- {kind: ServiceAccount, name: web$2}
YAML
}
subjects() {
  kubectl set subject --local --filename "$1" --user jane --user joe --serviceaccount shop:web \
    --output jsonpath='{range .subjects[*]}{.kind}/{.name}{"\n"}{end}' | sort --reverse | paste -sd ' '
}
binding '' '' >"$work/short.yaml"
binding ', apiGroup: rbac.authorization.k8s.io' ', namespace: shop' >"$work/full.yaml"
expect "subjects without defaults are added again" \
  'short manifest: User/joe User/jane User/jane ServiceAccount/web ServiceAccount/web
full manifest: User/joe User/jane ServiceAccount/web' \
  "short manifest: $(subjects "$work/short.yaml")
full manifest: $(subjects "$work/full.yaml")"
