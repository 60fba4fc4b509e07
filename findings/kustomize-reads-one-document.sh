#!/usr/bin/env bash
# kubectl 1.37.1 (Kustomize 5.8.1): of a kustomization.yaml with several documents, only the first counts.
#
# Everything after the first `---` is dropped without a message and with exit code 0, even if it has resources
# that the first document lacks, while resource files may have any number of documents. A binding that is
# listed in the second document is therefore not part of the build.
#
# Observed:
#   exit 0
#   stderr: nothing
#   built: Role/first
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir "$work/build"
cat >"$work/build/kustomization.yaml" <<'YAML'
resources: [role.yaml]
---
resources: [binding.yaml]
YAML
cat >"$work/build/role.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: first}
rules: []
YAML
cat >"$work/build/binding.yaml" <<'YAML'
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: second}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: first}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: jane}]
YAML

status=0
kubectl kustomize "$work/build" >"$work/built.yaml" 2>"$work/stderr" || status=$?
kind="$(sed -n 's/^kind: //p' "$work/built.yaml")"
name="$(sed -n 's/^  name: //p' "$work/built.yaml")"
expect "the second document is ignored" \
  'exit 0
stderr: nothing
built: Role/first' \
  "exit $status
stderr: $([ -s "$work/stderr" ] && cat "$work/stderr" || echo nothing)
built: $kind/$name"
