#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `namespace:` overrides the namespace of a subject named `default`.
#
# Two subjects are ServiceAccounts in the namespace `tools`, which the build does not contain: `default` and
# `runner`. `namespace: shop` leaves `runner` alone and rewrites `default`, so the grant moves from the Pods of
# `tools` to every Pod of `shop` without a ServiceAccount.
#
# Observed:
#   - kind: ServiceAccount
#     name: default
#     namespace: shop
#   - kind: ServiceAccount
#     name: runner
#     namespace: tools
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namespace: shop
resources: [binding.yaml]
YAML
cat >"$work/build/binding.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: default, namespace: tools}
- {kind: ServiceAccount, name: runner, namespace: tools}
YAML

expect "only the subject called default moves" \
  "subjects:
- kind: ServiceAccount
  name: default
  namespace: shop
- kind: ServiceAccount
  name: runner
  namespace: tools" \
  "$(kubectl kustomize "$work/build" | grep -A 6 '^subjects:')"
