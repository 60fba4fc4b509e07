#!/usr/bin/env bash
# Helm 4.3.1: one misspelled name among the hooks of a ServiceAccount removes the ServiceAccount from the release.
#
# The annotation `helm.sh/hook` can list several hooks. If Helm does not know one of them, it ignores neither the name nor
# the annotation, but leaves out the object, although the other names are valid. The same happens to `crd-install`, a hook
# of Helm 2, and to an empty annotation. `helm template` and `helm lint --strict` succeed. The Role and the binding of
# the ServiceAccount remain, and the Job that uses it waits for an account that is in the chart but never in the cluster.
#
# Observed:
#   pre-install,pre-upgrade: Job Role ServiceAccount
#   pre-install,pre-update: Job Role
#   crd-install: Job Role
#   (empty): Job Role
#   helm lint --strict: 1 chart(s) linted, 0 chart(s) failed
. "$(dirname "$0")/support/tools.sh"
install_kubectl_and_helm

mkdir -p "$work/chart/templates"
cat >"$work/chart/Chart.yaml" <<'YAML'
apiVersion: v2
name: chart
version: 0.1.0
icon: https://example.com/icon.svg
YAML
echo 'hook: pre-install,pre-upgrade' >"$work/chart/values.yaml"
cat >"$work/chart/templates/migrate.yaml" <<'YAML'
apiVersion: v1
kind: ServiceAccount
metadata:
  name: migrate
  annotations: {helm.sh/hook: "{{ .Values.hook }}", helm.sh/hook-weight: "-1"}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: migrate}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]
---
apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {helm.sh/hook: "pre-install,pre-upgrade"}
spec:
  template:
    spec: {serviceAccountName: migrate, restartPolicy: Never, containers: [{name: migrate, image: migrate}]}
YAML

kinds() {
  echo "hook: '$1'" >"$work/values.yaml"
  helm template release "$work/chart" --values "$work/values.yaml" 2>/dev/null |
    sed -n 's/^kind: //p' | sort | paste -sd ' '
}
expect "an object with an unknown hook is not installed" \
  'pre-install,pre-upgrade: Job Role ServiceAccount
pre-install,pre-update: Job Role
crd-install: Job Role
(empty): Job Role
helm lint --strict: 1 chart(s) linted, 0 chart(s) failed' \
  "pre-install,pre-upgrade: $(kinds pre-install,pre-upgrade)
pre-install,pre-update: $(kinds pre-install,pre-update)
crd-install: $(kinds crd-install)
(empty): $(kinds '')
helm lint --strict: $(helm lint --strict "$work/chart" --set-string hook=pre-update | tail -n 1)"
