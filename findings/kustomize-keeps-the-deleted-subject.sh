#!/usr/bin/env bash
# Kustomize 5.8.1 (kubectl 1.37.1): `$patch: delete` on a subject keeps this subject and removes all others.
#
# Lists of subjects have no merge key, so a strategic merge patch replaces the whole list with the one in the patch.
# The directive stays in the output, without a warning. A server with strict field validation refuses the object;
# without validation it binds `bad`, the subject that the patch is to remove.
#
# Observed:
#   subjects:
#   - $patch: delete
#     kind: ServiceAccount
#     name: bad
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
resources: [objects.yaml]
patches: [{path: patch.yaml}]
YAML
cat >"$work/build/objects.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: bad}
YAML
cat >"$work/build/patch.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers}
subjects:
- {$patch: delete, kind: ServiceAccount, name: bad}
YAML

expect "the subject to delete is the only one left" \
  "subjects:
- \$patch: delete
  kind: ServiceAccount
  name: bad" \
  "$(kubectl kustomize "$work/build" | grep -A 4 '^subjects:')"
