#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `namePrefix` renames a User if a ServiceAccount has the same name.
#
# The subject of a binding is the *User* `jane`. The same build contains a ServiceAccount named `jane`. The name
# reference from a subject to a ServiceAccount ignores the subject's `kind`, so the prefix is added to both: the
# user loses the access, and a user named `x-jane` would have it.
#
# Observed:
#   subjects:
#   - apiGroup: rbac.authorization.k8s.io
#     kind: User
#     name: x-jane
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
namePrefix: x-
resources: [objects.yaml]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata: {name: jane}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: jane}]
YAML

expect "the User is renamed with the ServiceAccount" \
  "subjects:
- apiGroup: rbac.authorization.k8s.io
  kind: User
  name: x-jane" \
  "$(kubectl kustomize "$work/build" | grep -A 3 '^subjects:')"
