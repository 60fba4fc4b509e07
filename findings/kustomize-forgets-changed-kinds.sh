#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `patchesJson6902` that change kinds detach a roleRef from its role; `patches` do not.
#
# A common way to confine a controller to one namespace is to patch a ClusterRole into a Role and its
# ClusterRoleBinding into a RoleBinding. With `namePrefix`, the Role is renamed either way. Under `patches` the roleRef
# follows; under `patchesJson6902` the same two patches leave the old name in the roleRef, so the binding grants
# nothing. The deprecation warning advises converting one field into the other, which changes what is granted.
#
# Observed:
#   - patchesJson6902: Role x-worker, roleRef worker
#   - patches:         Role x-worker, roleRef x-worker
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

build() {
  mkdir "$work/$1"
  cat >"$work/$1/kustomization.yaml" <<YAML
namePrefix: x-
namespace: team
resources: [objects.yaml]
$1:
- target: {kind: ClusterRole, name: worker}
  patch: |-
    - {op: replace, path: /kind, value: Role}
- target: {kind: ClusterRoleBinding, name: worker}
  patch: |-
    - {op: replace, path: /kind, value: RoleBinding}
    - {op: replace, path: /roleRef/kind, value: Role}
YAML
  cat >"$work/$1/objects.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: worker}
rules:
- {apiGroups: [""], resources: [pods], verbs: [list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: worker}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: worker}
subjects:
- {kind: ServiceAccount, name: worker, namespace: team}
YAML
  kubectl kustomize "$work/$1" 2>"$work/$1.err" |
    awk '/^kind:/{kind=$2} /^  kind:/{kind="roleRef"} /^subjects:/{kind=""} kind && /^  name:/{print kind, $2}'
}

expect "the roleRef keeps the old name under patchesJson6902" \
  "Role x-worker
RoleBinding x-worker
roleRef worker" \
  "$(build patchesJson6902)"
expect "the roleRef follows under patches" \
  "Role x-worker
RoleBinding x-worker
roleRef x-worker" \
  "$(build patches)"
expect "the warning advises to convert" \
  "1" \
  "$(grep -c "patchesJson6902' is deprecated. Please use 'patches' instead" "$work/patchesJson6902.err")"
