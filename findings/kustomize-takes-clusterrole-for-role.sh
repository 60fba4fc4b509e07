#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): a roleRef to a ClusterRole is renamed with a Role if `apiGroup` is missing.
#
# The API server defaults a missing `roleRef.apiGroup`, so both bindings below refer to the built-in ClusterRole
# `admin`. The build also contains a *Role* named `admin`. With `namePrefix`, the complete roleRef is unchanged;
# the one without `apiGroup` gets the Role's new name but keeps `kind: ClusterRole`. No such ClusterRole
# exists, so the binding grants nothing. The server accepts it.
#
# Observed:
#   x-complete: ClusterRole admin
#   x-short: ClusterRole x-admin
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namePrefix: x-
resources: [objects.yaml]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: admin}
rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: complete}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: short}
roleRef: {kind: ClusterRole, name: admin}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
YAML

kubectl kustomize "$work/build" >"$work/built.yaml"
expect "only the roleRef without apiGroup is rewritten" \
  "x-complete: ClusterRole admin
x-short: ClusterRole x-admin" \
  "$(awk '/^kind: /{kind=$2} /^  name: / && !/-admin$/ && kind=="RoleBinding" && !ref {name=$2} /^roleRef:/{ref=1}
          ref && /^  kind: /{target=$2} ref && /^  name: /{print name ": " target " " $2; ref=0; kind=""}' "$work/built.yaml")"
