#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): a `RoleList` as API servers return it is refused, although kubectl reads it.
#
# In the answer of a server, such as `kubectl get --raw /apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles`, the
# kind of the items follows from the kind of the list and is not repeated. kubectl completes it. Kustomize, in the same
# binary, refuses the file because its items have no kind.
#
# Observed:
#   kubectl: Role/reader
#   kustomize: missing kind in object
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/base"
cat >"$work/base/roles.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleList
items:
- metadata: {name: reader, namespace: shop}
  rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
YAML
cat >"$work/base/kustomization.yaml" <<'YAML'
resources: [roles.yaml]
YAML

# `kubectl label --local` reads and prints an object without a server.
by_kubectl="$(kubectl label --local --filename "$work/base/roles.yaml" recorded=yes \
  --output jsonpath='{.kind}/{.metadata.name}')"
by_kustomize="$(kubectl kustomize "$work/base" 2>&1 | grep --only-matching 'missing kind in object' || true)"
expect "kubectl reads the list, Kustomize refuses it" \
  'kubectl: Role/reader
kustomize: missing kind in object' \
  "kubectl: $by_kubectl
kustomize: $by_kustomize"
